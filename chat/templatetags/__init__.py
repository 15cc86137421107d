"""What templates of the chat ask."""
