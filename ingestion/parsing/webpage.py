"""Web pages: the content without scripts, styles and menus."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds, markdown
from ingestion.parsing.declared import declared_by_page
from ingestion.parsing.decoding import decode
from ingestion.parsing.extracting import configuration, extract
from ingestion.parsing.page_content import BLOCKS, content_of_page, letters_in
from ingestion.parsing.page_tables import has_tables, with_plain_tables
from ingestion.parsing.types import Extract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingestion.parsing.decoding import Decoded

# Start and end are looked for one after the other: in one pattern, every start that has no end
# would be followed to the end of the page.
HEAD = re.compile(r"<head\b", re.I)
HEAD_END = re.compile(r"</head\s*+>|(?=<body\b)", re.I)
TITLE = re.compile(r"<title[^<>]*+>", re.I)
TITLE_END = re.compile(r"</title\s*+>", re.I)
# Where the title of a page without a head may be.
TITLE_WITHIN = 65_536

# Comments, scripts, styles, tags, and declarations. Each alternative takes what it looked at, to
# the end of the page when it is not closed, so that nothing is read twice.
MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style)\b.*?(?:</(?P=raw)\s*+>|\Z)"
    r"|<(?P<end>/?)(?P<tag>[a-z][^\s/>]*+)[^>]*+(?:>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)",
    re.I | re.S,
)
# More digits than any character has; Python refuses to read thousands of them.
MONSTERS = re.compile(r"&#(?:[0-9]{9,}+|x[0-9a-f]{9,}+);?", re.I)
# Stands for stars of the page, which the extractor would not tell from those it sets itself.
STAR = "\ufdd0"
# The extractor would write stars, which within a word (`<i>n</i>th`) look like letters, and
# formulas twice, once as they came.
UNWRAPPED = re.compile(r"</?(?:em|i|b|strong|math)(?:\s[^<>]*+)?+>", re.I)
SILENT = {"template", "noscript", "nav", "head"}


@kinds.reads(kinds.HTML)
def read_webpage(data: bytes, mime: str) -> Extract:
    """The text of a page with its headings; the title comes from `<title>`."""
    return read_page(decode(data, declared=declared_by_page(data)))


def read_page(page: Decoded) -> Extract:
    """The same of a page whose characters are known."""
    title, body = divide(page.text)
    content = content_of_page(body, letters_in(bare_text(body)))
    return read_body(title, content, page.notes)


def read_decoded(page: Decoded) -> Extract:
    """All text of a page whose characters are known, as of a message."""
    title, body = divide(page.text)
    return read_body(title, body, page.notes)


def read_body(title: str, body: str, notes: Sequence[str]) -> Extract:
    """The text of a page without its head."""
    if has_tables(body):
        body = with_plain_tables(body, letters_in(bare_text(body)))
    marked = UNWRAPPED.sub("", body.replace("*", STAR))
    found = extract(marked.encode(errors="replace"), kinds.HTML.mime, configuration())
    shown = markdown.without_escapes(markdown.without_markup(found.content))
    text = shown.replace(STAR, "*").strip() or bare_text(body)
    return Extract(text, title, markdown.headings_of(text), notes=notes)


def divide(page: str) -> tuple[str, str]:
    """The title of a page, and the page without its head, whose metadata is no text."""
    head = span(page, HEAD, HEAD_END)
    where = page[slice(*head)] if head else page[:TITLE_WITHIN]
    body = page[: head[0]] + page[head[1] :] if head else page
    title = TITLE.search(where)
    end = TITLE_END.search(where, title.end()) if title else None
    if title is None or end is None:
        return "", body
    name = unescaped(where[title.end() : end.start()])
    # A page may leave out the tags of its head.
    rest = body if head else body[: title.start()] + body[end.end() :]
    return " ".join(name.split()), rest


def span(page: str, start: re.Pattern[str], end: re.Pattern[str]) -> tuple[int, int] | None:
    """From the first start to the first end behind it; none when one of them is missing."""
    first = start.search(page)
    last = end.search(page, first.end()) if first else None
    return (first.start(), last.end()) if first and last else None


def bare_text(page: str) -> str:
    """All text of a page that is nested too deeply for the extractor; keeps no tree."""
    lines = (" ".join(line.split()) for line in "".join(texts(page)).split("\n"))
    return "\n".join(line for line in lines if line)


def texts(page: str) -> Iterator[str]:
    """The text outside of scripts and menus, with line ends where blocks begin."""
    silent = position = 0
    for markup in MARKUP.finditer(page):
        if not silent:
            yield unescaped(page[position : markup.start()])
        position = markup.end()
        tag = (markup["tag"] or "").lower()
        if tag in SILENT:
            silent = max(0, silent - 1) if markup["end"] else silent + 1
        if tag in BLOCKS and not markup["end"]:
            yield "\n"
    if not silent:
        yield unescaped(page[position:])


def unescaped(text: str) -> str:
    """The text with character references replaced."""
    return html.unescape(MONSTERS.sub("\ufffd", text))
