"""Tables of a page that are there for its layout, and tables within tables.

Messages and old pages are made of them. Markdown has no table within a table, and bars around each
paragraph help nobody: cells of a layout become blocks. Within a table that is one indeed, what the
table of a cell says becomes text of the cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import lxml.html
from lxml import etree

from ingestion.parsing.page_content import BLOCKS, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

TABLE = re.compile(r"<table\b", re.I)
PARTS = {"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"}
CELLS = {"td", "th"}
# So many rows of so many short cells are no layout, whatever is in them.
FEWEST_ROWS = FEWEST_CELLS = 2
LONGEST_CELL = 300


def has_tables(page: str) -> bool:
    """Whether a page may have a table."""
    return TABLE.search(page) is not None


def with_plain_tables(page: str, letters: int) -> str:
    """The page with no table but those of rows and columns; `letters` are those of `tree_of`."""
    root = tree_of(page, letters)
    if root is None:
        return page
    nested = nested_tables(root)
    # From the innermost outwards: what is within a table has become text or blocks before.
    for table in reversed(list(root.iter("table"))):
        if not is_data(table, holds_others=table in nested):
            become_blocks(table)
            continue
        for inner in nested.get(table, ()):
            become_text(inner)
    return str(lxml.html.tostring(root, encoding="unicode", with_tail=False))


def nested_tables(root: HtmlElement) -> dict[HtmlElement, list[HtmlElement]]:
    """The tables that hold others, with those that are in no further table between."""
    found: dict[HtmlElement, list[HtmlElement]] = {}
    for table in root.iter("table"):
        outer = next(table.iterancestors("table"), None)
        if outer is not None:
            found.setdefault(outer, []).append(table)
    return found


def own_parts(table: HtmlElement) -> Iterator[HtmlElement]:
    """The table and what is in it, but not what is in tables within it."""
    waiting = [table]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(child for child in reversed(part) if child.tag != "table")


def rows_of(table: HtmlElement) -> list[list[HtmlElement]]:
    """The cells of each row."""
    rows = [part for part in own_parts(table) if part.tag == "tr"]
    return [[cell for cell in row if cell.tag in CELLS] for row in rows]


def is_data(table: HtmlElement, *, holds_others: bool) -> bool:
    """Whether rows and columns of a table mean something."""
    if holds_others and table.get("role") in ("presentation", "none"):
        return False
    rows = rows_of(table)
    if has_head(rows):
        return True
    texts = [[words for cell in row if (words := words_of(cell))] for row in rows]
    wide = [row for row in texts if len(row) >= FEWEST_CELLS]
    if not holds_others:
        # Numbers of notes in the margin may be pictures.
        return bool(wide) or sum(map(is_wide, rows)) >= FEWEST_ROWS
    return (
        len(wide) >= FEWEST_ROWS
        and max(len(words) for row in wide for words in row) <= LONGEST_CELL
    )


def has_head(rows: list[list[HtmlElement]]) -> bool:
    """Whether columns have names; there are messages in which every cell calls itself a head."""
    kinds = [{cell.tag for cell in row} for row in rows]
    return {"th"} in kinds and any("td" in kind for kind in kinds)


def is_wide(row: list[HtmlElement]) -> bool:
    """Whether a row says something in several cells, be it by pictures."""
    return (
        sum(1 for cell in row if words_of(cell) or cell.xpath(".//img[@alt!='']")) >= FEWEST_CELLS
    )


def become_text(table: HtmlElement) -> None:
    """Let a table be one line: cells with commas, rows with semicolons between."""
    if table.tag != "table":
        return
    rows = [", ".join(filter(None, map(words_of, row))) for row in rows_of(table)]
    tail, text = table.tail, "; ".join(filter(None, rows))
    table.clear()
    table.tag, table.text, table.tail = "span", text, tail


def become_blocks(table: HtmlElement) -> None:
    """Let the cells of a table stand below each other."""
    for part in own_parts(table):
        if part.tag in PARTS:
            part.tag = "div"


def words_of(element: HtmlElement) -> str:
    """The text of an element in one line."""
    pieces = []
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if part.tag in BLOCKS:
            pieces.append(" ")
        if event == "start":
            pieces.append(part.text or "")
        elif part is not element:
            pieces.append(part.tail or "")
    return " ".join("".join(pieces).split())
