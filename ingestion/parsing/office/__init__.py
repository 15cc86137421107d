"""Readers of Word, PowerPoint, Excel and OpenDocument files; importing them registers them."""

from ingestion.parsing.office import open_document, slides, word

__all__ = ["open_document", "slides", "word"]
