"""The agent loop and its vocabulary; imports no Django."""
