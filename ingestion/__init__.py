"""How documents come in: runs of items that are parsed and embedded."""
