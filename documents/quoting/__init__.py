"""Sentences: dividing texts into them, and comparing and choosing them, for whoever quotes."""
