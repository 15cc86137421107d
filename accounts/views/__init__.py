"""The REST edge of people, sessions and keys."""
