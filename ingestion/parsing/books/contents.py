"""The contents of a book as it lists them itself: titles, and where they lead."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from ingestion.parsing.books.spine import Place, place_of, read_tree
from ingestion.parsing.books.trees import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.books.spine import Spine
    from ingestion.parsing.office.package import Package

    # A title, its depth, and a link.
    Row = tuple[str, int, str]

# Ten times as many as a large reference work has.
MOST_ENTRIES = 20_000
# Levels of titles below one another; passages are found by what stands above them.
DEEPEST = 6
LISTS = {"ol", "ul"}


class Entry(NamedTuple):
    """A title, how deep it is nested (from 1 on), and where it leads."""

    title: str
    depth: int
    place: Place


def contents_of(package: Package, spine: Spine) -> dict[str, list[Entry]]:
    """The entries that lead into each page, in order, by the page's name in lower case.

    The first list counts that has any.
    """
    pages = {name.lower() for name in spine.pages}
    for name in spine.contents:
        found: dict[str, list[Entry]] = {}
        for entry in entries_of(read_tree(package, name), name):
            part = entry.place.part.lower()
            if part in pages:
                found.setdefault(part, []).append(entry)
        if found:
            return found
    return {}


def entries_of(root: etree._Element | None, source: str) -> Iterator[Entry]:
    """The entries of a list of contents of either kind; those that lead elsewhere are none."""
    if root is None:
        return
    rows = points_of(root) if root.tag == "ncx" else links_of(root)
    for title, depth, link in itertools.islice(rows, MOST_ENTRIES):
        place = place_of(link, source)
        if title and place and depth <= DEEPEST:
            yield Entry(title, depth, place)


def points_of(root: etree._Element) -> Iterator[Row]:
    """The entries of EPUB 2."""
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end"), tag="navPoint"):
        depth += 1 if event == "start" else -1
        if event == "start":
            label, content = element.find("navLabel"), element.find("content")
            title = "" if label is None else words_of(label)
            yield title, depth, "" if content is None else content.get("src", "")


def links_of(root: etree._Element) -> Iterator[Row]:
    """The entries of EPUB 3; what has no link of its own leads where the next link below does."""
    navigation = next((one for one in root.iter("nav") if is_toc(one)), root)
    depth, above = 0, list[tuple[str, int]]()
    for event, element in etree.iterwalk(navigation, events=("start", "end")):
        if element.tag in LISTS:
            depth += 1 if event == "start" else -1
        elif event == "start" and depth and element.tag == "span" and is_title(element):
            above.append((words_of(element), depth))
        elif event == "start" and depth and element.tag == "a":
            link = element.get("href", "")
            yield from ((title, level, link) for title, level in above if level < depth)
            above.clear()
            yield words_of(element), depth, link


def is_toc(element: etree._Element) -> bool:
    """Whether a list is that of the chapters, and not of pages or landmarks."""
    return "toc" in element.get("type", "").split()


def is_title(element: etree._Element) -> bool:
    """Whether an element stands where others have their link."""
    parent = element.getparent()
    return parent is not None and parent.tag == "li"
