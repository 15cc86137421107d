"""Reader of EPUB books; importing it registers it."""

from ingestion.parsing.books import reading

__all__ = ["reading"]
