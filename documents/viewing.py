"""A document as people read it: its pages or its text, at the passage that was cited."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from documents.models import Document, Passage

if TYPE_CHECKING:
    from django.http import QueryDict

# Passages on a page of text: about forty thousand characters.
WINDOW = 40
# Shown before the passage that is wanted, so that it is read in its place.
LEAD = 6
# Its tables are as somebody wrote them.
MARKDOWN = "text/markdown"
HEAD_END = re.compile(r"\|[\s:|-]*-[\s:|-]*\|")
CELL_END = re.compile(r"(?<!\\)\|")
# Formats whose parsed text is not Markdown.
PLAIN = (
    "text/plain",
    "text/csv",
    "text/tab-separated-values",
    "text/vtt",
    "text/x-tex",
    "application/x-subrip",
    "message/",
    "application/json",
    "application/xml",
    "application/yaml",
    "application/toml",
    "application/pdf",
    "application/mbox",
)


def viewer_context(document: Document, asked: QueryDict) -> dict[str, Any]:
    """What the viewer shows; `asked` names a passage, a quote, or where to begin."""
    target = wanted_passage(document, asked.get("chunk", ""))
    has_original = document.stored_file_id is not None
    as_pages = has_original and document.mime == "application/pdf"
    context: dict[str, Any] = {
        "section": "documents",
        "document": document,
        "target": target,
        "quote": quoted_text(target, asked) if target else "",
        "has_original": has_original,
        "as_pages": as_pages and asked.get("view") != "text",
        "can_show_pages": as_pages,
        "as_image": has_original and document.mime.startswith("image/"),
    }
    if not context["as_pages"]:
        context |= text_context(document, target, asked.get("from", ""))
    return context


def wanted_passage(document: Document, identifier: str) -> Passage | None:
    """The passage with an id; none when it is not, or no longer, one of the document."""
    try:
        wanted = UUID(identifier)
    except ValueError:
        return None
    return Passage.objects.filter(document=document, pk=wanted).defer("search").first()


def quoted_text(passage: Passage, asked: QueryDict) -> str:
    """The part of a passage that is quoted, by its offsets; without them the whole of it."""
    first, last = number_in(asked.get("start", "")), number_in(asked.get("end", ""))
    if first is None or last is None:
        return passage.text
    start, end = first - passage.start, last - passage.start
    inside = 0 <= start < end <= len(passage.text)
    return passage.text[start:end] if inside else passage.text


def number_in(text: str) -> int | None:
    """The number a part of an address is; none for anything that no column holds."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def text_context(document: Document, target: Passage | None, begin: str) -> dict[str, Any]:
    """The text around a passage, or from an ordinal on, and what comes before and after."""
    first = number_in(begin)
    if first is None:
        first = max(0, target.ordinal - LEAD) if target else 0
    rows = Passage.objects.filter(document=document, ordinal__gte=first).defer("search")
    shown = list(rows.order_by("ordinal")[: WINDOW + 1])
    more = shown[WINDOW].ordinal if len(shown) > WINDOW else None
    text, is_plain = joined(shown[:WINDOW]), document.mime.startswith(PLAIN)
    return {
        "text": text if is_plain or document.mime == MARKDOWN else with_heads(text),
        "is_plain": is_plain,
        "pages": sorted({row.page for row in shown[:WINDOW] if row.page}),
        "earlier": max(0, first - WINDOW) if first else None,
        "later": more,
    }


def joined(passages: list[Passage]) -> str:
    """Passages as the text they were cut from; rows of a table stay together."""
    text = ""
    for row in passages:
        in_table = text.endswith("|") and row.text.startswith("|")
        text += ("" if not text else "\n" if in_table else "\n\n") + row.text
    return text


def with_heads(text: str) -> str:
    """Markdown whose tables begin with a head, as they are none without; spreadsheets have none."""
    lines: list[str] = []
    for is_table, rows in itertools.groupby(text.split("\n"), key=is_row):
        stretch = list(rows)
        lines += headed(stretch) if is_table else stretch
    return "\n".join(lines)


def is_row(line: str) -> bool:
    """Whether a line is one of a table."""
    return len(line) > 1 and line.startswith("|") and line.endswith("|")


def headed(rows: list[str]) -> list[str]:
    """The rows of a table with a line below the first, which is as wide as the widest."""
    if len(rows) > 1 and HEAD_END.fullmatch(rows[1]):
        return rows
    cells = [len(CELL_END.findall(row)) for row in rows]
    head = rows[0] + " |" * (max(cells) - cells[0])
    return [head, "|" + " --- |" * (max(cells) - 1), *rows[1:]]
