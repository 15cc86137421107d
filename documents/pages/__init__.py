"""Documents as pages: the library, collections, sharing, the trash, the viewer, search."""
