"""The REST edge of groups."""
