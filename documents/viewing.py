"""A document as people read it: its pages or its text, at the passage that was cited."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from django.urls import reverse

from documents.layout import Layout, position_of
from documents.models import Document, DocumentVersion, Passage, VersionPassage
from documents.shown_text import MARKDOWN, TABLES, code_language, fenced, is_plain, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

    from documents.layout import PageBox

    # A passage as it is, or as it was in an older version.
    AnyPassage = Passage | VersionPassage

# Passages on a page of text: about forty thousand characters.
WINDOW = 40
# Shown before the passage that is wanted, so that it is read in its place.
LEAD = 6
HEAD_END = re.compile(r"\|[\s:|-]*-[\s:|-]*\|")
CELL_END = re.compile(r"(?<!\\)\|")
PLAYED = {"audio", "video"}
# Of images, what browsers draw; SVG is no image here, for it can hold programs.
DRAWN = {f"image/{form}" for form in ("png", "jpeg", "gif", "webp", "bmp", "avif")}


def viewer_context(document: Document, asked: QueryDict) -> dict[str, Any]:
    """What the viewer shows; `asked` names a version, a passage, a quote, or where to begin.

    A passage that only an older version has is shown in that version.
    """
    chunk = id_in(asked.get("chunk", ""))
    version = wanted_version(document, asked.get("version", ""), chunk)
    rows = passages_shown(document, version)
    target = wanted_passage(rows, chunk)
    shown = version or document
    has_original = shown.stored_file_id is not None
    as_pages = has_original and shown.mime == "application/pdf"
    context: dict[str, Any] = {
        "section": "documents",
        "document": document,
        "version": version,
        "content_url": content_url(document, version),
        "target": target,
        "target_id": chunk if target else None,
        **quote_context(target, asked),
        "has_original": has_original,
        "as_pages": as_pages and asked.get("view") != "text",
        "can_show_pages": as_pages,
        "as_image": has_original and shown.mime in DRAWN,
        "as_recording": recording_kind(shown.mime) if has_original else "",
        "second": target.second if target else None,
    }
    if not context["as_pages"]:
        context |= text_context(rows, shown, target, asked.get("from", ""))
    return context


def recording_kind(mime: str) -> str:
    """The element that plays a file: `audio`, `video`; empty for what does not sound."""
    kind = mime.partition("/")[0]
    return kind if kind in PLAYED else ""


def stretches_of(passages: Sequence[AnyPassage]) -> list[AnyPassage]:
    """The passages of a recording, each of which has its second; none of anything else."""
    return [row for row in passages if row.second is not None]


def id_in(text: str) -> UUID | None:
    """The id a part of an address is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def wanted_version(document: Document, number: str, chunk: UUID | None) -> DocumentVersion | None:
    """The older version that is asked for, or whose passage is; none for the present one."""
    older = DocumentVersion.objects.filter(document=document).newest_version_first()
    if number:
        wanted = number_in(number)
        return older.filter(number=wanted).first() if wanted is not None else None
    if chunk is None or Passage.objects.filter(document=document, pk=chunk).exists():
        return None
    return older.filter(passages__passage_id=chunk).first()


def passages_shown(document: Document, version: DocumentVersion | None) -> Any:
    """The passages of a document as it is, or of an older version."""
    if version is not None:
        return VersionPassage.objects.filter(version=version)
    return Passage.objects.filter(document=document).defer("search")


def wanted_passage(rows: Any, chunk: UUID | None) -> AnyPassage | None:
    """The passage with an id among those shown; none when it is not, or no longer, there."""
    if chunk is None:
        return None
    name = "passage_id" if rows.model is VersionPassage else "pk"
    found: AnyPassage | None = rows.filter(**{name: chunk}).first()
    return found


def content_url(document: Document, version: DocumentVersion | None) -> str:
    """Where the original of what is shown is fetched."""
    if version is None:
        return reverse("document-content", args=[document.pk])
    return reverse("version-content", args=[document.pk, version.number])


def quote_context(passage: AnyPassage | None, asked: QueryDict) -> dict[str, Any]:
    """What is quoted, and where it stands: its page, its boxes on pages, its cells."""
    if passage is None:
        return {"quote": "", "page": None, "boxes": "", "outline": "", "cells": ""}
    start, end = quoted_part(passage, asked)
    page, boxes, cells = position_of(passage.layout, passage.page, start, end)
    return {
        "quote": passage.text[start:end],
        "page": page,
        "boxes": orjson.dumps(boxes).decode() if boxes else "",
        "outline": outline_of(boxes),
        "cells": cells,
    }


def outline_of(boxes: Sequence[PageBox]) -> str:
    """Boxes as the path of a drawing whose sides are as long as 1."""
    return " ".join(
        f"M{box['left']:g} {box['top']:g}H{box['right']:g}V{box['bottom']:g}H{box['left']:g}z"
        for box in boxes
    )


def quoted_part(passage: AnyPassage, asked: QueryDict) -> tuple[int, int]:
    """The part of a passage that is quoted, by its offsets; without them the whole of it."""
    first, last = number_in(asked.get("start", "")), number_in(asked.get("end", ""))
    whole = (0, len(passage.text))
    if first is None or last is None:
        return whole
    start, end = first - passage.start, last - passage.start
    return (start, end) if 0 <= start < end <= len(passage.text) else whole


def number_in(text: str) -> int | None:
    """The number a part of an address is; none for anything that no column holds."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def text_context(
    rows: Any, file: Document | DocumentVersion, target: AnyPassage | None, begin: str
) -> dict[str, Any]:
    """The text around a passage, or from an ordinal on, and what comes before and after."""
    first = number_in(begin)
    if first is None:
        first = max(0, target.ordinal - LEAD) if target else 0
    shown = list(rows.filter(ordinal__gte=first).order_by("ordinal")[: WINDOW + 1])
    more = shown[WINDOW].ordinal if len(shown) > WINDOW else None
    return {
        **form_of(shown[:WINDOW], file, rows),
        "stretches": stretches_of(shown[:WINDOW]),
        "pages": sorted({row.page for row in shown[:WINDOW] if row.page}),
        "earlier": max(0, first - WINDOW) if first else None,
        "later": more,
    }


def form_of(
    shown: Sequence[AnyPassage], file: Document | DocumentVersion, rows: Any
) -> dict[str, Any]:
    """The text of passages in the form that their file is read in; `rows` has all of them."""
    text = joined(shown)
    if file.mime in TABLES and shown:
        lines = "\n".join(row.text for row in shown)
        start = lines if shown[0].ordinal == 0 else beginning_of(rows)
        if table := table_of(lines, head=start):
            return {"text": text, "table": table}
    if language := code_language(file.uri, file.mime):
        return {"text": fenced(text, language)}
    if is_plain(file.mime):
        return {"text": text, "is_plain": True, "parts": parts_of(shown)}
    return {"text": text if file.mime == MARKDOWN else with_heads(text)}


def parts_of(passages: Sequence[AnyPassage]) -> list[dict[str, Any]]:
    """The stretches of lines and of Markdown that passages are made of; none of lines alone."""
    layouts = [Layout.from_text(row.layout) for row in passages]
    if not any(layout.forms for layout in layouts):
        return []
    parts: list[dict[str, Any]] = []
    for row, layout in zip(passages, layouts, strict=True):
        for is_markdown, text in layout.stretches(row.text):
            if parts and parts[-1]["is_markdown"] == is_markdown:
                parts[-1]["text"] = joined_texts(parts[-1]["text"], text)
            else:
                parts.append({"is_markdown": is_markdown, "text": text})
    for part in parts:
        if part["is_markdown"]:
            part["text"] = with_heads(part["text"])
    return parts


def beginning_of(rows: Any) -> str:
    """The first passage of those of a document."""
    return rows.filter(ordinal=0).values_list("text", flat=True).first() or ""


def joined(passages: Sequence[AnyPassage]) -> str:
    """Passages as the text they were cut from; rows of a table stay together."""
    text = ""
    for row in passages:
        text = joined_texts(text, row.text)
    return text


def joined_texts(before: str, text: str) -> str:
    """Two texts that follow each other."""
    in_table = before.endswith("|") and text.startswith("|")
    return before + ("" if not before else "\n" if in_table else "\n\n") + text


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
