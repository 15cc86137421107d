"""Conversations: answered with citations, rated, deleted, and runs in every state."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.utils import timezone

from accounts import services as accounts
from accounts.enums import PrivateKind
from accounts.models import User
from chat import services as chat
from chat.enums import ACTIVE_STATUSES, MessageRole, RunStatus, ToolRunStatus
from chat.models import Citation, Message, Run, Session, ToolRun
from mcp.models import Tool

if TYPE_CHECKING:
    from accounts.models import User as Person

QUESTION = "How many days of leave does everybody have in a year?"
HALF = "Everything that was said before the lights went out"


def make_talks() -> dict[str, Any]:
    """Conversations of Ada's; what they say, in the clear."""
    ada, grace = User.objects.get(username="ada"), User.objects.get(username="grace")
    call_command("ask", QUESTION, user="ada")
    answer = Message.objects.filter(citations__isnull=False).distinct().get()
    chat.give_feedback(answer, rating=1, comment="Just what I asked.", actor=ada)
    answer.reasoning = "The handbook has a section about leave."
    answer.save_fields("reasoning")
    accounts.open_private(
        answer.session,
        kind=PrivateKind.SESSION,
        title=answer.session.title,
        owner=ada,
        reason="A fixture needs one of everything.",
        actor=grace,
    )
    gone = chat.create_session(title="Deleted talk", actor=ada)
    chat.delete_session(gone, actor=ada)
    runs = {status: make_run(status, ada) for status in RunStatus.values}
    cited = Citation.objects.filter(message=answer).earliest("index")
    return {
        "session": str(answer.session_id),
        "question": QUESTION,
        "answer": {"id": str(answer.pk), "content": answer.content},
        "reasoning": answer.reasoning,
        "comment": answer.comment,
        "citation": {"quote": cited.quote, "document_id": str(cited.document_id)},
        "deleted": str(gone.pk),
        "runs": {status: str(run.pk) for status, run in runs.items()},
        "running_in": str(runs[RunStatus.RUNNING].session_id),
        "half": HALF,
    }


def make_run(status: str, user: Person) -> Run:
    """A run in some state; the process that held an unfinished one is gone."""
    posted = chat.post_message(
        Session.objects.create(user=user, title=f"Talk that is {status}"),
        text=f"A question whose run is {status}",
        idempotency_key=f"talk-{status}",
        actor=user,
    )
    run = Run.objects.select_related("answer", "session").get(pk=posted.run_id)
    before = timezone.now() - timedelta(minutes=5)
    run.status, run.lease_until = status, before
    if status != RunStatus.QUEUED:
        run.started_at = before
        call_tool(run, is_over=status not in ACTIVE_STATUSES)
    if status == RunStatus.RUNNING:
        answer = Message.objects.get(run=run, role=MessageRole.ASSISTANT)
        answer.content = HALF
        answer.save_fields("content")
    if status not in ACTIVE_STATUSES:
        run.finished_at = before
    if status == RunStatus.FAILED:
        run.error_code, run.error_detail = "upstream_unavailable", "The model did not answer."
    run.save()
    return run


def call_tool(run: Run, *, is_over: bool) -> None:
    """A call of a built-in tool within a run."""
    row = ToolRun(
        user=run.user,
        session=run.session,
        run=run,
        message=run.answer,
        tool=Tool.objects.order_by("name").first(),
        tool_name="semantic.query",
        status=ToolRunStatus.SUCCEEDED if is_over else ToolRunStatus.RUNNING,
        result_preview="Thirty days." if is_over else "",
    )
    arguments: Any = {"query": "leave"}
    row.arguments = arguments
    row.save(force_insert=True)
