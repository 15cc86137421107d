"""Pages of a book as text, with the places to which its contents lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from ingestion.parsing import markdown
from ingestion.parsing.books.trees import words_of
from ingestion.parsing.letters import letters_of
from ingestion.parsing.webpage import read_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingestion.parsing.books.contents import Entry
    from ingestion.parsing.types import Heading

# Those that are headings of the text, too.
LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4}
# Stands with a number on both sides of it before a text to which the contents lead.
MARK = "\ufdd1"
MARKED = re.compile(f"{MARK}(\\d+){MARK}")
LEFT_OUT = ("head", "script", "style", "nav")
# The converter knows that there is a drawing, and not what it says.
DRAWINGS = ("svg", "g", "text", "tspan", "image")


class Slot(NamedTuple):
    """A piece of text in a tree, and the level of the heading in which it stands, or zero."""

    element: etree._Element
    is_tail: bool
    level: int


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a page with its headings, and what the contents of the book say of it."""

    text: str
    headings: Sequence[Heading]
    # Entries without a heading, by their offsets.
    missing: Sequence[tuple[int, Entry]]
    # Of the others, how deep each is nested, and the level of its heading.
    levels: Sequence[tuple[int, int]]


def read_page(root: etree._Element, entries: Sequence[Entry]) -> Page:
    """The text of a page with the entries that lead into it; its tree is changed."""
    etree.strip_elements(root, *LEFT_OUT, with_tail=False)
    etree.strip_tags(root, *DRAWINGS)
    tree = PageTree(root)
    missing, levels = tree.sort(entries)
    for number in missing:
        tree.mark(number)
    found = read_body("", etree.tostring(root, method="html", encoding="unicode"), ())
    text, offsets = without_marks(found.text)
    placed = [(offset, entry) for number, offset in offsets for entry in missing.get(number, ())]
    return Page(text, markdown.headings_of(text), placed, levels)


class PageTree:
    """The pieces of text of a page, its headings, and where its elements with a name stand."""

    def __init__(self, root: etree._Element) -> None:
        self.slots: list[Slot] = []
        # Of each the number of the next piece of text.
        self.places = {"": 0}
        self.titles: set[str] = set()
        heading: etree._Element | None = None
        place = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                if heading is None:
                    heading = element if element.tag in LEVELS else None
                    place = len(self.slots)
                for name in (element.get("id"), element.get("name")):
                    self.places.setdefault(name or "", place)
                self.add_text(element, heading, is_tail=False)
                continue
            if heading is element:
                heading = None
                self.titles.add(letters_of(words_of(element)))
            self.add_text(element, heading, is_tail=True)

    def add_text(
        self, element: etree._Element, heading: etree._Element | None, *, is_tail: bool
    ) -> None:
        """Keep a piece of text, if there is one."""
        text = element.tail if is_tail else element.text
        if text and not text.isspace():
            self.slots.append(
                Slot(element, is_tail, LEVELS[heading.tag] if heading is not None else 0)
            )

    def sort(
        self, entries: Iterable[Entry]
    ) -> tuple[dict[int, list[Entry]], list[tuple[int, int]]]:
        """Entries without a heading, by the text before which it is missing; levels of others."""
        missing: dict[int, list[Entry]] = {}
        levels: list[tuple[int, int]] = []
        for number, nested in self.gather(entries).items():
            if level := self.slots[number].level:
                levels.append((nested.pop().depth, level))
            rest = [one for one in nested if letters_of(one.title) not in self.titles]
            if rest:
                missing[number] = rest
        return missing, levels

    def gather(self, entries: Iterable[Entry]) -> dict[int, list[Entry]]:
        """The entries by the text to which they lead; of several, those within one another."""
        found: dict[int, list[Entry]] = {}
        for entry in entries:
            number = self.places.get(entry.place.fragment, len(self.slots))
            if number < len(self.slots):
                nested = found.setdefault(number, [])
                if not nested or nested[-1].depth < entry.depth:
                    nested.append(entry)
        return found

    def mark(self, number: int) -> None:
        """Set a mark before a piece of text."""
        element, is_tail, _ = self.slots[number]
        text = (element.tail if is_tail else element.text) or ""
        bare = text.lstrip()
        marked = f"{text[: len(text) - len(bare)]}{MARK}{number}{MARK}{bare}"
        if is_tail:
            element.tail = marked
        else:
            element.text = marked


def without_marks(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its marks, and their numbers with the offsets of the lines they were in."""
    pieces: list[str] = []
    offsets: list[tuple[int, int]] = []
    length = start = line = 0
    for mark in MARKED.finditer(text):
        piece = text[start : mark.start()]
        if "\n" in piece:
            line = length + piece.rindex("\n") + 1
        pieces.append(piece)
        length += len(piece)
        offsets.append((int(mark[1]), line))
        start = mark.end()
    return "".join((*pieces, text[start:])), offsets
