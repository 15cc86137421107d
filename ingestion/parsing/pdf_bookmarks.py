"""The bookmarks of a PDF, most of which are its headings."""

from __future__ import annotations

import contextlib
import itertools
import logging
from typing import Any

from ingestion.parsing.types import ToldHeading

# A circle ends by itself; what is deeper or more is no table of contents.
MOST_BOOKMARKS = 10_000
DEEPEST = 6


def bookmarks_of(document: Any) -> list[ToldHeading]:
    """The bookmarks that lead to a page, in their order, as far as they are not damaged."""
    found: list[ToldHeading] = []
    # It warns of each circle and of all that is too deep, which may be a line for every bookmark.
    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
    # What the library says about damage is a `RuntimeError`.
    with contextlib.suppress(RuntimeError, ValueError):
        marks = itertools.islice(document.get_toc(max_depth=DEEPEST), MOST_BOOKMARKS)
        found.extend(told for mark in marks if (told := told_by(mark)))
    return found


def told_by(mark: Any) -> ToldHeading | None:
    """What a bookmark says; nothing when it has no words or leads nowhere in the file."""
    title = " ".join(mark.get_title().split())
    target = mark.get_dest()
    page = target.get_index() if target else None
    return ToldHeading(page + 1, mark.level + 1, title) if title and page is not None else None
