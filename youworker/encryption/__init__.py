"""Encryption of what people write, and its keys."""
