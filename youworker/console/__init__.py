"""The staff's console: which pages its navigation offers, and what its first page counts."""
