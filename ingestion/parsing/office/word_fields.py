"""Fields of Word: what they show is text, what they are told is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.elements import is_on, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.office.elements import Attributes, Ends, Starts

TICKED, EMPTY = "☒", "☐"


class Fields:
    """The fields that are open, outermost first; the boxes and lists of forms are added."""

    def __init__(self, add: Callable[[str], None]) -> None:
        self.add = add
        self.codes: list[bool] = []
        self.open_codes = 0
        self.is_ticked = False
        self.entries: list[str] = []
        self.chosen = 0

    @property
    def is_code(self) -> bool:
        """Whether what is read now is an instruction."""
        return self.open_codes > 0

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "w:fldChar": self.take_boundary,
            "w:checkBox": self.start_box,
            "w:default": self.take_tick,
            "w:checked": self.take_tick,
            "w:ddList": self.start_list,
            "w:result": self.take_result,
            "w:listEntry": self.take_entry,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {"w:checkBox": self.end_box, "w:ddList": self.end_list}

    def take_boundary(self, attributes: Attributes) -> None:
        """A field begins, its result begins, or it ends."""
        kind = attributes.get("w:fldCharType")
        if kind == "begin":
            self.codes.append(True)
        elif kind == "separate" and self.codes:
            self.codes[-1] = False
        elif kind == "end" and self.codes:
            self.codes.pop()
        self.open_codes = sum(self.codes)

    def end_paragraph(self) -> None:
        """Instructions end with their paragraph: one that is never closed hides no more."""
        if self.open_codes:
            self.codes = [code for code in self.codes if not code]
            self.open_codes = 0

    def start_box(self, attributes: Attributes) -> None:
        """A box to tick."""
        self.is_ticked = False

    def take_tick(self, attributes: Attributes) -> None:
        """Whether it is ticked: by default, then by whoever filled it in."""
        self.is_ticked = is_on(attributes.get("w:val"))

    def end_box(self) -> None:
        """Show the box."""
        self.show(TICKED if self.is_ticked else EMPTY)

    def start_list(self, attributes: Attributes) -> None:
        """A list to choose from."""
        self.entries, self.chosen = [], 0

    def take_result(self, attributes: Attributes) -> None:
        """Which entry was chosen."""
        self.chosen = whole(attributes.get("w:val")) or 0

    def take_entry(self, attributes: Attributes) -> None:
        """An entry."""
        self.entries.append(attributes.get("w:val", ""))

    def end_list(self) -> None:
        """Show the entry that was chosen."""
        if 0 <= self.chosen < len(self.entries):
            self.show(self.entries[self.chosen])

    def show(self, text: str) -> None:
        """Add a text although it stands where instructions do."""
        kept, self.open_codes = self.open_codes, 0
        self.add(text)
        self.open_codes = kept
