"""Groups of users, which documents are shared with."""
