"""What a run needs before its model is asked: question, history, tools, earlier state."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from chat.agent.state import AgentState
from chat.agent.types import ChatMessage
from chat.models import Run, ToolRun
from chat.runs import statements
from chat.runs.continuing import OPTION, BrokenOff, read_broken_off
from chat.runs.leases import read_from_database
from chat.runs.system_prompts import read_prompt, remembered_prompt
from chat.runs.tool_calls import calls_of
from mcp.calls import CallContext, ToolInfo
from mcp.services import usable_tools
from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from accounts.models import User
    from chat.runs.leases import RunLease

# Nobody is there to allow calls, or wants anything done.
READS_ONLY = "reads_only"
OFFER_SECONDS = 3.0
MOST_OFFERS = 1000
offers: dict[tuple[UUID, bool], tuple[float, list[ToolInfo]]] = {}
LONGEST_HISTORY = 200


@dataclass(slots=True)
class RunInput:
    """Everything a run needs, read in one go so that no connection is held meanwhile."""

    run: Run
    history_newest_first: list[ChatMessage]
    tools: list[ToolInfo]
    # Whether it was accepted just now and here: then nobody has begun it before.
    is_new: bool = False
    # What the operator tells every model.
    system_prompt: str = ""
    # The answer that goes on, where it broke off before.
    broken_off: BrokenOff | None = None
    # What a process before this one had come to, and every call that it had begun.
    state: AgentState | None = None
    calls: list[ToolRun] = field(default_factory=list)

    @property
    def language(self) -> str:
        """The language the user wants to be answered in."""
        return str(self.run.options.get("language") or self.run.user.language)

    @property
    def now(self) -> str:
        """The time of the user's day."""
        zone = zone_or_utc(self.run.user.time_zone)
        return timezone.now().astimezone(zone).isoformat(timespec="minutes")


async def load_input(run_id: UUID, lease: RunLease, run: Run | None) -> RunInput | None:
    """What a run of ours needs, a `run` that was just accepted or a stored one.

    None when it is not ours any more. Raises `LeaseLost`.
    """
    if run is None:
        return await read_from_database(lease, read_input, run_id, lease.token)
    return new_input(run) or await read_from_database(lease, complete_input, run)


def read_input(run_id: UUID, token: UUID) -> RunInput | None:
    """What a claimed run needs; None when it is not held by this token any more.

    Raises `UnknownState` when nobody can go on from what is stored of it.
    """
    rows = Run.objects.held(token).select_related("question", "answer", "user", "session")
    run = rows.filter(pk=run_id).first()
    if run is None:
        return None
    state = None if run.state is None else AgentState.from_json(run.state)
    broken_off = read_broken_off(run) if state is None else None
    return RunInput(
        run=run,
        history_newest_first=[] if state else with_question(run),
        tools=tools_of(run),
        system_prompt=read_prompt(),
        broken_off=broken_off,
        state=state,
        calls=[] if state is None else calls_of(run),
    )


def new_input(run: Run) -> RunInput | None:
    """What a run needs that was just accepted; None when that takes the database."""
    tools, prompt = remembered_tools(run), remembered_prompt()
    needs_more = run.question.parent_id is not None or OPTION in run.options
    if needs_more or tools is None or prompt is None:
        return None
    history = [question_of(run)]
    return RunInput(
        run=run, history_newest_first=history, tools=tools, is_new=True, system_prompt=prompt
    )


def complete_input(run: Run) -> RunInput:
    """What a run needs that was just accepted, with what only the database knows."""
    earlier = run.question.parent_id
    said = [] if earlier is None else history(run.session_id, earlier)
    return RunInput(
        run=run,
        history_newest_first=[question_of(run), *said],
        tools=tools_of(run),
        is_new=True,
        system_prompt=read_prompt(),
        broken_off=read_broken_off(run),
    )


def question_of(run: Run) -> ChatMessage:
    """The question of a run as its model reads it."""
    return ChatMessage("user", run.question.content, id=str(run.question_id))


def tools_of(run: Run) -> list[ToolInfo]:
    """The tools the model of a run is shown."""
    if not run.options.get("enable_tools", True):
        return []
    return allowed_tools(run, offered_tools(run.user, enable_web=is_web_enabled(run)))


def remembered_tools(run: Run) -> list[ToolInfo] | None:
    """The tools the model of a run is shown; None when they have to be looked up."""
    if not run.options.get("enable_tools", True):
        return []
    found = offers.get((run.user_id, is_web_enabled(run)))
    return None if found is None or found[0] < time.monotonic() else allowed_tools(run, found[1])


def is_web_enabled(run: Run) -> bool:
    """Whether the model of a run is shown tools that go to the web."""
    return bool(run.options.get("enable_web", True))


def allowed_tools(run: Run, tools: list[ToolInfo]) -> list[ToolInfo]:
    """Those of some tools that a run may use: of one that only reads, our own that need no word."""
    if not run.options.get(READS_ONLY):
        return tools
    return [tool for tool in tools if tool.only_reads and not tool.needs_consent]


def offered_tools(user: User, *, enable_web: bool) -> list[ToolInfo]:
    """The tools a model is shown, remembered for some seconds.

    Nothing is permitted by it: every call is checked again when it is made.
    """
    key, now = (user.pk, enable_web), time.monotonic()
    found = offers.get(key)
    if found is None or found[0] < now:
        if len(offers) > MOST_OFFERS:
            offers.clear()
        found = offers[key] = (now + OFFER_SECONDS, usable_tools(user, enable_web=enable_web))
    return found[1]


def call_context(run: Run, language: str) -> CallContext:
    """On whose behalf the tools of this run act."""
    return CallContext(
        user_id=run.user_id,
        correlation_id=run.correlation_id,
        session_id=run.session_id,
        run_id=run.pk,
        language=language,
        time_zone=run.user.time_zone,
        collections=scope_of(run),
        key_id=run.api_key_id,
    )


def scope_of(run: Run) -> tuple[UUID, ...] | None:
    """The collections that a run searches in, maybe none of them; None for no limit."""
    chosen = tuple(UUID(pk) for pk in run.options.get("collections", []))
    # Runs of former versions say nothing about it.
    return chosen if run.options.get("limited", bool(chosen)) else None


def with_question(run: Run) -> list[ChatMessage]:
    """The conversation up to the question of a run, as much as one that was just accepted has."""
    return history(run.session_id, run.question_id, most=LONGEST_HISTORY + 1)


def history(session_id: UUID, last: UUID, *, most: int = LONGEST_HISTORY) -> list[ChatMessage]:
    """The conversation up to a message, newest first, along the branch it stands on.

    Of answers that are still being written there is as much as was saved.
    """
    said = statements.read_branch(session_id, last, most=most)
    return [
        ChatMessage("user" if row.role == "user" else "assistant", row.content, id=str(row.pk))
        for row in said
        if row.content
    ]
