"""What a web page says of itself and of others: its address, its base, where it leads.

Read from the source by patterns, not from a tree: a page of a stranger costs a constant per byte.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.declared import declared_by_page
from ingestion.parsing.decoding import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

# Pages are shorter; of a list of millions of links the first are enough.
READ_BYTES = 4_000_000
MOST_LINKS = 5000
LONGEST_LINK = 4096

# A comment, what no link stands in, or a tag of interest with its attributes. What is not closed
# ends with the page, so that nothing is read twice.
TAG = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|textarea|template)\b.*?(?:</(?P=raw)\s*+>|\Z)"
    r"|<(?P<tag>a|area|base|link|meta|iframe|frame)(?=[\s/])"
    r"(?P<attributes>(?:[^>\"']|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+)",
    re.I | re.S,
)
ATTRIBUTE = re.compile(
    r"([^\s/>=\"']++)(?:\s*+=\s*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\s>]++)))?+", re.S
)
# Leads nowhere that could be read.
ELSEWHERE = re.compile(r"\A(?:#|javascript:|mailto:|tel:|data:|about:|blob:|file:)", re.I)
REFRESH = re.compile(r"\A[\d.]*+\s*+[;,]\s*+(?:url\s*+=\s*+)?+[\"']?+([^\"']*+)", re.I)


@dataclass(slots=True)
class PageHead:
    """Where a page says it is, against what its links are written, and where they lead."""

    canonical: str = ""
    base: str = ""
    links: list[str] = field(default_factory=list)


def read_head(data: bytes) -> PageHead:
    """What a page says; `links` are as they are written, not joined to anything."""
    page = data[:READ_BYTES]
    found = PageHead()
    if not page.strip(b"\x00 \t\r\n"):
        return found
    text = decode(page, declared=declared_by_page(page)).text
    for tag, attributes in tags(text):
        note(found, tag, attributes)
        if len(found.links) >= MOST_LINKS:
            break
    return found


def tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The tags of interest with their attributes, the first of each name."""
    for match in TAG.finditer(text):
        if not match["tag"]:
            continue
        attributes: dict[str, str] = {}
        for name, *values in ATTRIBUTE.findall(match["attributes"]):
            value = "".join(values)
            if len(value) <= LONGEST_LINK:
                attributes.setdefault(name.lower(), html.unescape(value).strip())
        yield match["tag"].lower(), attributes


def note(found: PageHead, tag: str, attributes: dict[str, str]) -> None:
    """Note what one tag says."""
    link = attributes.get("href", "")
    kinds = attributes.get("rel", "").lower().split()
    if tag == "base":
        found.base = found.base or link
    elif tag == "link":
        if "canonical" in kinds:
            found.canonical = found.canonical or link
        elif "next" in kinds or "prev" in kinds:
            add(found, link)
    elif tag == "meta":
        if attributes.get("http-equiv", "").lower() == "refresh":
            target = REFRESH.match(attributes.get("content", ""))
            add(found, target[1] if target else "")
    elif tag in {"iframe", "frame"}:
        add(found, attributes.get("src", ""))
    else:
        add(found, link)


def add(found: PageHead, link: str) -> None:
    """Add a link, unless it leads nowhere."""
    if link and not ELSEWHERE.match(link):
        found.links.append(link)
