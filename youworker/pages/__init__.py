"""Pages that belong to no app: the start, what one browser prefers, words for modules."""
