"""Built-in tool servers that read the web and bring documents in."""
