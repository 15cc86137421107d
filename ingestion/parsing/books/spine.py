"""What a book consists of: its title, its pages in order, and where its contents are listed."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from ingestion.parsing.books.trees import tree_of, words_of
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lxml import etree

    from ingestion.parsing.office.package import Package

CONTAINER = "META-INF/container.xml"
PACKAGE_ENDING = ".opf"
PAGE_TYPES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
NCX_TYPE = "application/x-dtbncx+xml"
# Bytes of a part that are read: a longer page is cut, as it holds more text than is stored.
LONGEST_PART = 40_000_000


class Place(NamedTuple):
    """A part of a book by its name in the file, and an element of it by its id."""

    part: str
    fragment: str


@dataclass(frozen=True, slots=True)
class Spine:
    """A book's title, and the names of its parts: each page once, in order."""

    title: str
    pages: Sequence[str]
    # The newer kind first; books have both for the sake of old programs.
    contents: Sequence[str]


def spine_of(package: Package) -> Spine:
    """The parts of a book; raises `ParseFailed` when it names none."""
    name = package_name(package)
    root = read_tree(package, name) if name else None
    if root is None:
        raise ParseFailed("damaged_file", "A part of the file is missing.")
    items = {item.get("id", ""): item for item in root.iter("item")}
    ordered = (items.get(one.get("idref", "")) for one in root.iter("itemref"))
    pages = (one for one in ordered if one is not None and one.get("media-type") in PAGE_TYPES)
    navigation = (one for one in items.values() if "nav" in one.get("properties", "").split())
    old = (one for one in items.values() if one.get("media-type") == NCX_TYPE)
    return Spine(
        next((words_of(one) for one in root.iter("title")), ""),
        names_of(pages, name),
        [*names_of(navigation, name), *names_of(old, name)],
    )


def package_name(package: Package) -> str:
    """The name of the part that lists all others; empty when there is none."""
    root = read_tree(package, CONTAINER)
    named = [] if root is None else [one.get("full-path", "") for one in root.iter("rootfile")]
    found = (name for name in (*named, *package.entries) if name.lower().endswith(PACKAGE_ENDING))
    return next(filter(package.holds, found), "")


def names_of(items: Iterable[etree._Element], source: str) -> list[str]:
    """The names of the parts that a part lists, each once."""
    places = (place_of(item.get("href", ""), source) for item in items)
    return list(dict.fromkeys(place.part for place in places if place))


def place_of(link: str, source: str) -> Place | None:
    """Where a link of a part leads within the file; none when it leads elsewhere."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return None
    if parts.scheme or parts.netloc:
        return None
    folder = posixpath.dirname(source)
    path = posixpath.normpath(posixpath.join("/", folder, unquote(parts.path)))
    return Place(path.lstrip("/") if parts.path else source, unquote(parts.fragment))


def read_tree(package: Package, name: str) -> etree._Element | None:
    """A part as a tree; none when it is missing or empty."""
    return tree_of(package.read(name, LONGEST_PART))
