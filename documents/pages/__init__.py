"""The pages of the library: documents, collections, sharing, search."""
