"""Charts within OpenDocument files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.drawings import Names

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts


class Chart(Names):
    """Gathers titles, and names of series and categories, each once, as of other formats."""

    def __init__(self) -> None:
        super().__init__()
        self.column = 0
        self.is_name = True

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "text:p": self.start_text,
            "table:table-row": self.start_row,
            "table:table-cell": self.start_cell,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {"text:p": self.end_line, "table:table-cell": self.end_cell}

    def start_row(self, attributes: Attributes) -> None:
        """A row of its data begins."""
        self.column = 0

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins: a category or the name of a series, or a number, which is no text."""
        self.column += 1
        self.is_name = self.column == 1 or attributes.get("office:value-type") == "string"

    def end_cell(self) -> None:
        """It ends."""
        self.is_name = True

    def start_text(self, attributes: Attributes) -> None:
        """Characters follow."""
        self.is_text = self.is_name
