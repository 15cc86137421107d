"""What other hosts are told of documents and answers, always as the acting user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.toolservers import intake
from documents.models import Document
from documents.whole_text import read_excerpt
from mcp.builtin.library import acting_user
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from mcp.calls import CallContext


def read_document(context: CallContext, pk: UUID, *, start: int, most: int) -> dict[str, Any]:
    """A piece of a document's text; raises `NotFound` also for one of somebody else."""
    user = acting_user(context)
    document = Document.all_objects.reachable_by(user).alive().filter(pk=pk).first()
    if document is None:
        raise NotFound("There is no such document.")
    found = read_excerpt(document, start=start, most=most)
    return {
        "document_id": str(document.pk),
        "title": document.title,
        "text": found.text,
        "start": found.start,
        "total_chars": found.total,
        "next_start": found.end if found.text and found.end < found.total else None,
    }


def ingest_url(context: CallContext, url: str, **bounds: Any) -> dict[str, Any]:
    """Queue a web page, counted like an upload; and its run."""
    check_rate_limit("FILE_UPLOAD", acting_user(context))
    return intake.ingest_url(context, url, **bounds)


def told_answer(result: dict[str, Any]) -> dict[str, Any]:
    """The end of a run for a host: the answer in words with its sources, and where it goes on."""
    message, error = result["message"] or {}, result["error"]
    citations = [
        {
            "index": each["index"],
            "document_id": str(each["document_id"]) if each["document_id"] else None,
            "title": each["title"],
            "page": each["page"],
            "cells": each["cells"],
            "quote": each["quote"],
        }
        for each in message.get("citations", ())
    ]
    parts = [message.get("content", "")]
    if citations:
        parts.append("\n".join(source_line(each) for each in citations))
    if error:
        parts.append(error["detail"])
    if result["status"] == "waiting_approval":
        parts.append("A tool waits to be allowed by the user in YouWorker.")
    return {
        "text": "\n\n".join(filter(None, parts)) or "There is no answer.",
        "status": str(result["status"]),
        "run_id": str(result["run_id"]),
        "session_id": str(result["session_id"]),
        "citations": citations,
    }


def source_line(citation: dict[str, Any]) -> str:
    """One source in words."""
    page = f"page {citation['page']}" if citation["page"] else ""
    place = ", ".join(filter(None, (citation["title"], page, citation["cells"])))
    return f"[{citation['index']}] {place}"
