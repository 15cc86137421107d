"""Turning a file into text and passages; knows neither Django nor the database."""

from ingestion.parsing.reading import parse_file
from ingestion.parsing.types import ParsedDocument, ParseFailed

__all__ = ["ParseFailed", "ParsedDocument", "parse_file"]
