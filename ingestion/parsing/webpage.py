"""Web pages: the content without scripts, styles and menus."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from ingestion.parsing import markdown
from ingestion.parsing.decoding import decode
from ingestion.parsing.extracting import configuration, extract
from ingestion.parsing.types import Extract

HEAD = re.compile(r"<head\b.*?(?:</head\s*>|(?=<body\b))", re.I | re.S)
TITLE = re.compile(r"<title[^>]*>(.*?)</title\s*>", re.I | re.S)
SILENT = {"script", "style", "template", "noscript", "nav", "head"}
BLOCKS = {"p", "div", "li", "tr", "br", "h1", "h2", "h3", "h4", "pre", "section", "table"}


def read_webpage(data: bytes, mime: str) -> Extract:
    """The text of a page with its headings; the title comes from `<title>`."""
    page = decode(data, web=True)
    head = HEAD.search(page)
    title = TITLE.search(head.group() if head else page[:65536])
    # Without its head, the page's metadata does not turn into text.
    body = page if head is None else page[: head.start()] + page[head.end() :]
    found = extract(body.encode(errors="replace"), mime, configuration())
    text = markdown.without_markup(found.content).strip() or bare_text(body)
    name = html.unescape(title.group(1)) if title else ""
    return Extract(text, " ".join(name.split()), markdown.headings_of(text))


def bare_text(page: str) -> str:
    """All text of a page that is nested too deeply for the extractor."""
    reader = TextOnly()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class TextOnly(HTMLParser):
    """Collects text outside of scripts and menus; keeps no tree, so depth costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in SILENT))

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)
