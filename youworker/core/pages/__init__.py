"""The base of the pages people use: who may see them, and how refusals look."""
