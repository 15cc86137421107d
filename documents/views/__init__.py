"""The REST edge of collections, documents and search."""
