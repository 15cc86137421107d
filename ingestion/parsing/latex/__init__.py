"""LaTeX documents."""

from ingestion.parsing.latex import reading  # noqa: F401 -- readers
