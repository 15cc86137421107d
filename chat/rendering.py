"""Messages and runs as clients read them, the same in lists, events and one-call answers."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from chat.branches import sibling_ids
from chat.enums import AskReason, ToolRunStatus
from chat.models import Citation
from chat.runs.tool_errors import why_denied
from chat.standing import add_attachments
from documents.layout import position_of
from documents.quoting.highlighting import without_markup
from documents.shown_text import program_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo
    from uuid import UUID

    from chat.approvals import Question
    from chat.models import Message, Run, Session, Summary, ToolGrant, ToolRun
    from chat.serializers import (
        ApprovalShape,
        AttachmentShape,
        CitationShape,
        ErrorOfRunShape,
        FeedbackShape,
        FoundMessageShape,
        MessageShape,
        RunShape,
        SpanShape,
        SummaryShape,
        ToolGrantShape,
        ToolRunShape,
        WholeMessageShape,
    )
    from chat.services.searching import FoundMessage
    from chat.types import ShownAttachment
    from documents.layout import PageBox


def rendered_session(session: Session, zone: tzinfo | None = None) -> dict[str, Any]:
    """One conversation, its times in a zone or in the current one."""
    zone = zone or timezone.get_current_timezone()
    return {
        "id": str(session.pk),
        "title": session.title,
        "model": session.model,
        "enable_tools": session.enable_tools,
        "enable_web": session.enable_web,
        "language": session.language,
        "system_prompt": session.system_prompt,
        "collections": session.alive_collection_ids,
        "limited": session.limited,
        "archived": session.archived_at is not None,
        "leaf": None if session.leaf is None else str(session.leaf),
        "origin": session.origin,
        "created_at": local_time(session.created_at, zone),
        "updated_at": local_time(session.updated_at, zone),
        "active_at": local_time(session.active_at, zone),
    }


def local_time(moment: datetime, zone: tzinfo) -> str:
    """A time in a zone, as the fields of serializers write it."""
    return moment.astimezone(zone).isoformat().replace("+00:00", "Z")


class QuotePosition(NamedTuple):
    """Where a quote stands: in the text of its document, and in its original."""

    page: int | None
    start: int
    end: int
    boxes: list[PageBox]
    cells: str


def position_of_quote(citation: Citation) -> QuotePosition:
    """Where a quote stands now: what was before its passage may have become longer since."""
    text, start = citation.passage_text or "", citation.passage_start or 0
    first = citation.start - start
    if first < 0 or not text.startswith(citation.quote, first):
        first = text.find(citation.quote)
    if first < 0 or not text:
        return QuotePosition(citation.page, citation.start, citation.end, [], "")
    last = first + len(citation.quote)
    page, boxes, cells = position_of(citation.passage_layout or "", citation.page, first, last)
    return QuotePosition(page, start + first, start + last, boxes, cells)


def rendered_citation(citation: Citation) -> CitationShape:
    """One `[n]`."""
    place, is_code = position_of_quote(citation), bool(program_language(citation.title))
    return {
        "index": citation.index,
        "document_id": citation.document_id,
        "title": citation.title,
        # It is of use with its document only, and outlives that.
        "chunk_id": citation.passage_id if citation.document_id else None,
        "page": place.page,
        "heading": citation.heading,
        "quote": citation.quote,
        "excerpt": dedent(citation.quote) if is_code else without_markup(citation.quote),
        "is_code": is_code,
        "start": place.start,
        "end": place.end,
        "second": citation.second,
        "boxes": place.boxes,
        "cells": place.cells,
        "supported": citation.supported,
    }


def rendered_tool_run(
    tool_run: ToolRun, *, private: bool = True, files: Iterable[ShownAttachment] = ()
) -> ToolRunShape:
    """One call of a tool with the files of its result.

    Without `private` its content is not even decrypted.
    """
    error, code = tool_run.error if private else "", tool_run.error_code
    if tool_run.status == ToolRunStatus.DENIED:
        # Nothing private is in it, and rows of former versions have none.
        denial = why_denied(tool_run.decision)
        error, code = denial.text, denial.code
    return {
        "args": tool_run.arguments if private else {},
        "result_preview": tool_run.result_preview if private else "",
        "error": error,
        "error_code": code,
        "id": tool_run.pk,
        "tool": tool_run.tool_name,
        "status": tool_run.status,
        "latency_ms": tool_run.latency_ms,
        "session_id": tool_run.session_id,
        "run_id": tool_run.run_id,
        "message_id": tool_run.message_id,
        "created_at": tool_run.created_at,
        "files": [rendered_attachment(row) for row in files] if private else [],
    }


def rendered_approval(question: Question) -> ApprovalShape:
    """One call that waits for somebody's word."""
    row = question.row
    return {
        **rendered_tool_run(row),
        "server": question.server,
        "reason": row.reason or AskReason.POLICY,
        "approver": question.approver,
        "groups": question.groups,
        "asked_by": row.user.shown_name,
        "can_remember": question.can_remember,
        "expires_at": question.expires_at,
    }


def rendered_grant(grant: ToolGrant) -> ToolGrantShape:
    """One tool that is called without asking."""
    return {
        "id": grant.pk,
        "tool": grant.tool.name,
        "server": grant.tool.server.slug,
        "session_id": grant.session_id,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
    }


def citations_of(message: Message) -> Iterable[Citation]:
    """The citations of a message in order, with their passages; not read when they were loaded."""
    loaded: dict[str, Any] = getattr(message, "_prefetched_objects_cache", {})
    if "citations" in loaded:
        return message.citations.all()
    return Citation.objects.filter(message=message).with_passage().order_by("index")


def rendered_found_message(found: FoundMessage) -> FoundMessageShape:
    """A message that was found, with the pieces of its excerpt in one text."""
    message = found.message
    matches: list[SpanShape] = []
    excerpt = ""
    for piece in found.excerpt:
        start, excerpt = len(excerpt), excerpt + piece.text
        if piece.is_meant:
            matches.append({"start": start, "end": len(excerpt)})
    return {
        "id": message.pk,
        "session_id": message.session_id,
        "title": message.session.title,
        "role": message.role,
        "created_at": message.created_at,
        "excerpt": excerpt,
        "matches": matches,
    }


def rendered_message(
    message: Message,
    *,
    citations: Iterable[Citation] | None = None,
    tool_runs: Iterable[ToolRun] | None = None,
    siblings: Sequence[UUID] | None = None,
) -> MessageShape:
    """One message with its citations, tool runs and siblings; those that are given are not read."""
    if citations is None:
        citations = citations_of(message)
    if tool_runs is None:
        tool_runs = message.tool_runs.all()
    return {
        "id": message.pk,
        "role": message.role,
        "content": message.content,
        "model": message.model,
        "created_at": message.created_at,
        "parent_id": message.parent_id,
        "run_id": message.run_id,
        "tokens_in": message.tokens_in,
        "tokens_out": message.tokens_out,
        "citations": [rendered_citation(row) for row in citations],
        "tool_runs": [
            rendered_tool_run(row, files=files_of_call(message, row.pk)) for row in tool_runs
        ],
        "feedback": rendered_feedback(message),
        "siblings": list(sibling_ids(message) if siblings is None else siblings),
        "attachments": [rendered_attachment(row) for row in attachments_of(message)],
        "unsupported": message.unsupported,
        "has_reasoning": message.has_reasoning,
    }


def attachments_of(message: Message) -> Sequence[ShownAttachment]:
    """The files that came with a message; those of an answer stand with its calls."""
    if "attached" not in message.__dict__:
        add_attachments([message])
    return message.attached


def files_of_call(message: Message, call_id: UUID) -> Sequence[ShownAttachment]:
    """The files in the result of one call of an answer."""
    if "attached" not in message.__dict__:
        add_attachments([message])
    return message.returned.get(call_id, ())


def rendered_attachment(attachment: ShownAttachment) -> AttachmentShape:
    """A file as it is now for whoever sent it."""
    return {
        "id": attachment.id,
        "document_id": attachment.document_id,
        "item_id": attachment.item_id,
        "collection_id": attachment.collection_id,
        "name": attachment.name,
        "mime": attachment.mime,
        "status": attachment.status,
        "reason": attachment.reason,
        "is_private": attachment.is_private,
    }


def rendered_whole_message(message: Message) -> WholeMessageShape:
    """One message with what the model thought before it spoke."""
    return {**rendered_message(message), "reasoning": message.reasoning}


def rendered_summary(summary: Summary) -> SummaryShape:
    """What stands for the messages of a branch up to one of them."""
    return {
        "id": summary.pk,
        "message_id": summary.upto_id,
        "model": summary.model,
        "messages": summary.messages,
        "content": summary.content,
        "tokens_in": summary.tokens_in,
        "tokens_out": summary.tokens_out,
        "created_at": summary.created_at,
    }


def rendered_feedback(message: Message) -> FeedbackShape | None:
    """What the user thought of an answer."""
    if not message.rating and not message.comment:
        return None
    return {"rating": message.rating, "comment": message.comment}


def rendered_run(run: Run, *, position: int | None = None) -> RunShape:
    """One run, and its place in the queue if it waits there."""
    return {
        "id": run.pk,
        "session_id": run.session_id,
        "status": run.status,
        "model": run.model,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "iterations": run.iterations,
        "tokens_in": run.tokens_in,
        "tokens_out": run.tokens_out,
        "ttft_ms": run.ttft_ms,
        "error": rendered_error(run),
        "message_id": run.answer_id,
        "position": position,
    }


def rendered_error(run: Run) -> ErrorOfRunShape | None:
    """Why a run failed, or what is to be said about its answer."""
    return {"code": run.error_code, "detail": run.error_detail} if run.error_code else None


def done_payload(run: Run, **known: Any) -> dict[str, Any]:
    """The last event of a run; `known` are parts of its message that need not be read."""
    return {
        "status": run.status,
        "message": rendered_message(run.answer, **known) if run.answer else None,
        "usage": {"tokens_in": run.tokens_in, "tokens_out": run.tokens_out},
        "iterations": run.iterations,
        "error": rendered_error(run),
    }
