"""The base of the sockets: consumers, and the end of access."""
