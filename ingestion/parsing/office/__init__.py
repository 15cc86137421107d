"""Readers of Word, PowerPoint, Excel and OpenDocument files; importing them registers them."""

from ingestion.parsing.office import (
    binary_sheets,
    old_sheets,
    old_word,
    open_document,
    sheets,
    slides,
    word,
    word_xml,
    xml_sheets,
)

__all__ = [
    "binary_sheets",
    "old_sheets",
    "old_word",
    "open_document",
    "sheets",
    "slides",
    "word",
    "word_xml",
    "xml_sheets",
]
