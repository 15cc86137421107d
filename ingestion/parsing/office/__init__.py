"""Readers of Word, PowerPoint, Excel and OpenDocument files; importing them registers them."""

from ingestion.parsing.office import word

__all__ = ["word"]
