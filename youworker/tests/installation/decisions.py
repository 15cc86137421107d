"""Calls of tools that somebody was asked about, and the files that such a call brought."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from asgiref.sync import async_to_sync
from django.utils import timezone

from accounts.models import User
from chat import services as chat
from chat.agent.types import TextDelta, ToolCall, Usage
from chat.enums import AskReason, Decision, RunStatus, ToolRunStatus
from chat.llm import registry
from chat.llm.quote.model import NAME as QUOTE
from chat.models import Attachment, Run, ToolRun
from chat.private_files import ReceivedFile, hand_in_files
from chat.runs.manager import launch
from chat.runs.statements import answer_of
from chat.tests.fakes import ScriptedModel
from youworker.core.per_loop import close_all
from youworker.tests.support.waiting import wait_until_async

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from mcp.models import Tool

ANNOUNCED = "I will cancel the order."
RECEIPT = "Receipt 4711: the order was cancelled on Monday.\n"


def make_waiting(tool: Tool) -> dict[str, Any]:
    """A run that waits for leave to call `tool`; made before any run that is queued."""
    ada = User.objects.get(username="ada")
    session = chat.create_session(title="Cancelling", actor=ada)
    posted = chat.post_message(session, text="Cancel order 4711.", actor=ada)
    call = ToolCall("c", tool.safe_name, {"number": 4711})
    model = ScriptedModel([[TextDelta(ANNOUNCED), call, Usage(5, 2)]])
    async_to_sync(run_until_asked)(posted.run_id, model)
    # Whoever takes the run up has no scripted model.
    Run.objects.filter(pk=posted.run_id).update(model=QUOTE)
    # Whenever the archive is started, it was long ago: silence is a denial.
    waiting = ToolRun.objects.filter(run=posted.run_id)
    waiting.update(created_at=timezone.now() - timedelta(days=30))
    return {"session": str(session.pk), "run": str(posted.run_id), "announced": ANNOUNCED}


def make_decided(tool: Tool, *, over: str) -> dict[str, Any]:
    """Calls of a run that is over, about each of which somebody decided, and a file of one."""
    run = Run.objects.select_related("answer", "session", "user").get(pk=over)
    rows = {word: decided_call(run, tool, word) for word in Decision.values}
    bring_file(rows[Decision.ALLOW], run)
    return {"decided_in": str(run.session_id)}


async def run_until_asked(run_id: UUID, model: ScriptedModel) -> None:
    """Let a model speak until it waits for leave, and forget the run."""

    async def resolve_model(_name: str | None) -> ScriptedModel:
        return model

    with patch.object(registry, "resolve_model", resolve_model):
        await launch(run_id)
        waiting = Run.objects.filter(pk=run_id, status=RunStatus.WAITING_APPROVAL)
        is_waiting: Callable[[], Any] = waiting.aexists
        await wait_until_async(is_waiting)
    await close_all()


def decided_call(run: Run, tool: Tool, word: str) -> ToolRun:
    """A call about which somebody said something."""
    is_allowed = word in {Decision.ALLOW, Decision.GRANTED}
    row = ToolRun(
        user=run.user,
        session=run.session,
        run=run,
        message=run.answer,
        tool=tool,
        tool_name=tool.name,
        status=ToolRunStatus.SUCCEEDED if is_allowed else ToolRunStatus.DENIED,
        decision=word,
        decided_at=timezone.now(),
        decided_by=run.user if word != Decision.TIMEOUT else None,
        reason=AskReason.POLICY,
        form_hash=tool.form_hash,
        result_preview="It was cancelled." if is_allowed else "",
    )
    arguments: Any = {"number": 4711}
    row.arguments = arguments
    row.save(force_insert=True)
    return row


def bring_file(row: ToolRun, run: Run) -> None:
    """A file that came as the result of a call, on its way in."""
    file = ReceivedFile("receipt.txt", "text/plain", RECEIPT.encode(), f"{row.pk}/1/receipt.txt")
    (handed,) = hand_in_files([file], actor=row.user, session_id=row.session_id)
    Attachment.objects.create(
        session=run.session,
        message=answer_of(run),
        tool_run=row,
        position=0,
        item_id=handed.item_id,
        name=file.name,
        mime=file.mime,
    )
