"""EPUB books to text."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.books.contents import contents_of
from ingestion.parsing.books.pages import read_page
from ingestion.parsing.books.spine import LONGEST_PART, read_tree, spine_of
from ingestion.parsing.composing import Composition
from ingestion.parsing.office.package import Package
from ingestion.parsing.types import LONGEST_TEXT, Extract, Heading
from ingestion.parsing.unpacking import ENCRYPTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingestion.parsing.books.contents import Entry
    from ingestion.parsing.books.pages import Page

ENCRYPTION = "META-INF/encryption.xml"
LOCKED_PAGE = re.compile(rb"""URI\s*=\s*["'][^"']+\.x?html?["']""", re.I)
LONGEST_TITLE = 200


@kinds.reads(kinds.EPUB)
def read_book(data: bytes, mime: str) -> Extract:
    """A book with its headings; raises `ParseFailed` for one that only its shop's program opens.

    A chapter without a heading has the title that the book's contents give it.
    """
    package = Package(data)
    # Whether pages are encrypted: of other books, only the fonts are.
    if LOCKED_PAGE.search(package.read(ENCRYPTION, LONGEST_PART)):
        raise ENCRYPTED.failure()
    spine = spine_of(package)
    contents = contents_of(package, spine)
    pages = list(pages_of(package, spine.pages, contents))
    levels = levels_of(pages)
    whole = Composition()
    for page in pages:
        whole.include(Extract(page.text, headings=headings_of(page, levels)), deeper=0)
    return whole.as_extract(spine.title)


def pages_of(
    package: Package, names: Sequence[str], contents: dict[str, list[Entry]]
) -> Iterator[Page]:
    """The pages that have text, until there is more than is stored."""
    length = 0
    for name in names:
        root = read_tree(package, name) if length <= LONGEST_TEXT else None
        if root is not None:
            page = read_page(root, contents.get(name.lower(), ()))
            length += len(page.text)
            yield page


def levels_of(pages: Sequence[Page]) -> dict[int, int]:
    """The level that most headings have to which entries of a depth lead, by the depth."""
    counts: dict[int, Counter[int]] = {}
    for depth, level in (pair for page in pages for pair in page.levels):
        counts.setdefault(depth, Counter())[level] += 1
    return {depth: found.most_common(1)[0][0] for depth, found in counts.items()}


def headings_of(page: Page, levels: dict[int, int]) -> list[Heading]:
    """The headings of a page with those that only the contents have, in order."""
    missing = [
        Heading(offset, level_at(entry.depth, levels), entry.title[:LONGEST_TITLE])
        for offset, entry in page.missing
    ]
    # Those of the contents come first where both begin: the heading stands within them.
    return sorted([*missing, *page.headings], key=lambda heading: heading.offset)


def level_at(depth: int, levels: dict[int, int]) -> int:
    """The level of what is nested so deep, by the nearest depth of which it is known."""
    nearest = min(levels, key=lambda known: abs(known - depth), default=0)
    return levels.get(nearest, 0) + depth - nearest
