"""Markdown as it comes from the extractor or from people: headings, and less of its noise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing.types import Heading

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADING = re.compile(r"(#{1,6})(?!#)\s++(.++)")
FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
# Link text and address; one level of brackets inside each. No nested repetition: linear.
LINK = re.compile(
    r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]"
    r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)"
)
# A star behind a backslash is one that was written, not a mark.
STRONG = re.compile(r"(?<!\\)\*\*(\S(?:[^*\n]*[^\s\\])?)(?<!\\)\*\*")
EMPHASISED_CODE = re.compile(r"\*(`[^`*\n]+`)\*")
EMPHASIS = re.compile(r"(?<![\w*\\])\*([^\s*](?:[^*\n]*[^\s*])?)(?<!\\)\*(?![\w*])")
# A sign that the extractor escaped, or code, where a backslash is only one.
ESCAPED = re.compile(r"`[^`\n]*+`|\\([!-/:-@\[-`{-~])")
# Looked for at the first blank only: a run that no bar follows would be read once per blank.
PADDING = re.compile(r"(?<![ \t])[ \t]{2,}+(?=\|)")
RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*|\|(?:\s*\|)+\s*")
SHORT_TABLE = 6
MOSTLY = 0.5


def without_markup(text: str) -> str:
    """Text for reading: no addresses, no padding of tables, no rows of dashes, no menus."""
    lines = without_menu(without_menu(text.split("\n"))[::-1])[::-1]
    shown = (plain(line, code) for line, code in fenced(lines))
    return "\n".join(line for line in shown if line is not None)


def plain(line: str, code: bool) -> str | None:  # noqa: FBT001 -- comes from `fenced`
    """One line without markup; none when nothing else was in it."""
    if code:
        return line
    if line.startswith("|"):
        if RULE.fullmatch(line):
            return None
        line = PADDING.sub(" ", line)
    if "](" in line:
        line = LINK.sub(r"\1", line)
        # An image that was a link.
        line = LINK.sub(r"\1", line) if "](" in line else line
    if "*" in line:
        line = STRONG.sub(r"\1", EMPHASISED_CODE.sub(r"\1", line))
        line = EMPHASIS.sub(r"\1", line)
    return line


def without_escapes(text: str) -> str:
    """Text without the backslashes before signs, except in code."""
    lines = (line if code else unescaped(line) for line, code in fenced(text.split("\n")))
    return "\n".join(lines)


def unescaped(line: str) -> str:
    """A line with its escaped signs as they are."""
    return ESCAPED.sub(lambda found: found[1] or found[0], line) if "\\" in line else line


def fenced(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Every line, and whether it belongs to a block of code."""
    fence = ""
    for line in lines:
        mark = FENCE.match(line)
        if fence:
            yield line, True
            if mark and mark.group(1).startswith(fence) and not line.strip("`~ \t"):
                fence = ""
        else:
            fence = mark.group(1) if mark else ""
            yield line, bool(fence)


def without_menu(lines: list[str]) -> list[str]:
    """The lines without a short table of links that comes first: a page's previous and next."""
    first = next((n for n, line in enumerate(lines) if line.strip(" -")), len(lines))
    rest = lines[first:]
    size = next((n for n, line in enumerate(rest) if not line.startswith("|")), len(rest))
    if 0 < size <= SHORT_TABLE and is_menu(rest[:size]):
        content = next((n for n, line in enumerate(rest[size:]) if line.strip(" -")), 0)
        return rest[size + content :]
    return lines


def is_menu(table: list[str]) -> bool:
    """Whether most filled cells of a table are links, and some cell says so."""
    cells = [
        cell.strip()
        for row in table
        if not RULE.fullmatch(row)
        for cell in row.strip("| ").split(" | ")
        if cell.strip("| -")
    ]
    links = sum(cell.startswith("[") for cell in cells)
    return links >= 2 and links >= len(cells) * MOSTLY  # noqa: PLR2004 -- back and forth


def headings_of(text: str, deepest: int = 4) -> list[Heading]:
    """The headings of a Markdown text with their offsets; lines of code are none."""
    found = []
    offset = 0
    for line, code in fenced(text.split("\n")):
        heading = None if code else HEADING.fullmatch(line)
        if heading and len(heading.group(1)) <= deepest:
            title = without_markup(unclosed(heading.group(2))).strip()
            found.append(Heading(offset, len(heading.group(1)), title[:200]))
        offset += len(line) + 1
    return found


def unclosed(title: str) -> str:
    """A heading without the `#` signs that may close it, after a blank: `C#` is a name."""
    title = title.rstrip()
    open_title = title.rstrip("#")
    return open_title.rstrip() if open_title[-1:].isspace() or not open_title else title
