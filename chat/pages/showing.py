"""Messages as the pages show them: which ones, and what stands beside each."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from django.utils.translation import gettext_lazy

from chat.agent.tool_selection import SEARCH
from chat.approvals import questions_about
from chat.branches import (
    MessageTree,
    messages_beside,
    read_messages,
    read_siblings,
    read_tree,
    shown_leaf,
)
from chat.enums import MessageRole, RunStatus, ToolRunStatus
from chat.models import Message, Run
from chat.reasons import reason_of
from chat.rendering import attachments_of, files_of_call, rendered_message
from chat.runs.queue import queued_places
from chat.runs.tool_errors import outcome_without_answer, words_for
from chat.services import list_models
from chat.services.continuing import is_broken_off
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django_stubs_ext import StrOrPromise

    from chat.approvals import Question
    from chat.models import Session, ToolRun
    from chat.types import ShownAttachment

WINDOW = 40
# Only what is read of a run.
RUN_FIELDS = (
    "id",
    "answer_id",
    "session_id",
    "status",
    "error_code",
    "error_detail",
    "stop_requested_at",
)
# What tools of ours are called by people; others have no words but their names.
TOOL_WORDS = {SEARCH: gettext_lazy("Search in your documents")}
# Signs below this one are seen as what they are.
FIRST_ODD = 0xAD
INVISIBLE = frozenset({"Cf", "Zl", "Zp"})
# As the events of a run call it.
CALL_STATES = {
    ToolRunStatus.WAITING: "approval",
    ToolRunStatus.RUNNING: "start",
    ToolRunStatus.SUCCEEDED: "end",
}


def spelt_out(sign: str) -> str:
    """A sign, or its number where it is invisible or turns the text round."""
    return f"\\u{{{ord(sign):x}}}" if unicodedata.category(sign) in INVISIBLE else sign


class Call(NamedTuple):
    """One step: a call of a tool."""

    row: ToolRun
    known: Question | None = None
    # What came with its result.
    files: Sequence[ShownAttachment] = ()

    @property
    def has_images(self) -> bool:
        """Whether there is a picture to be seen in its result."""
        return any(file.is_image for file in self.files)

    @property
    def question(self) -> Question:
        """Who is asked about it, while it waits."""
        return self.known or questions_about([self.row])[0]

    @property
    def tool(self) -> StrOrPromise:
        """What the tool is called."""
        return TOOL_WORDS.get(self.row.tool_name, self.row.tool_name)

    @property
    def state(self) -> str:
        """Where it stands, as the events of a run call it."""
        if self.row.status == ToolRunStatus.WAITING and self.row.decision:
            return "start"
        return CALL_STATES.get(ToolRunStatus(self.row.status), "error")

    @property
    def error(self) -> str:
        """Why it failed or was not made, for its reader; nothing where the state says all."""
        if self.row.status not in {ToolRunStatus.FAILED, ToolRunStatus.DENIED}:
            return ""
        return words_for(outcome_without_answer(self.row))

    @property
    def arguments(self) -> str:
        """What it was called with, as people read it."""
        text = orjson.dumps(self.row.arguments, option=orjson.OPT_INDENT_2).decode()
        return "".join(sign if ord(sign) < FIRST_ODD else spelt_out(sign) for sign in text)

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.row.latency_ms is None else self.row.latency_ms / 1000


@dataclass
class Shown:
    """One message with its versions and the run that writes it."""

    message: Message
    siblings: Sequence[UUID]
    run: Run | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it is not a person's."""
        return self.message.role == MessageRole.ASSISTANT

    @property
    def is_running(self) -> bool:
        """Whether more of it is to come."""
        return self.is_answer and self.run is not None and self.run.is_active

    @property
    def status(self) -> str:
        """Where its run stands."""
        return self.run.status if self.run else RunStatus.SUCCEEDED

    @property
    def reason(self) -> str:
        """Why it ended as it did, where there is more to say than its status."""
        return reason_of(self.run.error_detail) if self.run else ""

    @property
    def may_be_tried_again(self) -> bool:
        """Whether it ended otherwise than it should have."""
        return self.status in {RunStatus.FAILED, RunStatus.INTERRUPTED, RunStatus.STOPPED}

    @property
    def may_be_continued(self) -> bool:
        """Whether it ended before it was complete, and has a beginning to go on from."""
        if self.run is None or self.run.is_active or not self.message.content:
            return False
        return is_broken_off(self.run)

    @cached_property
    def place(self) -> int | None:
        """Its place in the queue; None when it is not waiting for its turn."""
        if self.run is None or self.run.status != RunStatus.QUEUED:
            return None
        return queued_places(1, only=self.run.pk).get(self.run.pk)

    @property
    def number(self) -> int:
        """Which version it is; the first is 1."""
        return self.siblings.index(self.message.pk) + 1

    @property
    def former(self) -> UUID | None:
        """The version before it."""
        return self.siblings[self.number - 2] if self.number > 1 else None

    @property
    def later(self) -> UUID | None:
        """The version after it."""
        return self.siblings[self.number] if self.number < len(self.siblings) else None

    @cached_property
    def calls(self) -> list[Call]:
        """What was done for it."""
        return [
            Call(row, files=files_of_call(self.message, row.pk))
            for row in self.message.tool_runs.all()
        ]

    @property
    def attachments(self) -> Sequence[ShownAttachment]:
        """The files it came with."""
        return attachments_of(self.message)

    @property
    def details_id(self) -> str:
        """The id of the element that holds the details."""
        return f"d-{self.message.pk}"

    @cached_property
    def details(self) -> dict[str, Any]:
        """What modules need to know beside the text, as the API tells it."""
        whole: dict[str, Any] = {**rendered_message(self.message, siblings=self.siblings)}
        return {name: whole[name] for name in ("citations", "unsupported", "siblings", "model")}


@dataclass
class Window:
    """Some messages in a row of one branch of a conversation."""

    shown: list[Shown]
    leaf: UUID | None
    # The first and last message here, where there are more before or after it.
    older: UUID | None = None
    newer: UUID | None = None

    @property
    def is_at_end(self) -> bool:
        """Whether the end of the branch is seen."""
        return self.newer is None


def read_window(
    session: Session,
    *,
    at: UUID | None = None,
    before: UUID | None = None,
    after: UUID | None = None,
) -> Window:
    """The messages around, before or after one, else the last ones of the chosen branch.

    Raises `NotFound` when that message is not in this conversation.
    """
    tree = read_tree(session)
    given = at or after
    if given and given not in tree.places:
        raise NotFound("Not found.")
    leaf = tree.latest_leaf(below=given) if given else branch_with(session, tree, before)
    ids = tree.branch_of(leaf)
    if after:
        chosen = messages_beside(tree, leaf=leaf, after=after)[:WINDOW]
    elif before:
        chosen = messages_beside(tree, leaf=leaf, before=before)[:WINDOW][::-1]
    else:
        start = max(len(ids) - WINDOW, 0)
        start = min(start, max(ids.index(at) - 1, 0)) if at else start
        chosen = ids[start : start + WINDOW]
    older, newer = more_around(ids, chosen)
    # Who asks for what follows a message has what is before it.
    return Window(show_messages(chosen, tree), leaf, None if after else older, newer)


def branch_with(session: Session, tree: MessageTree, pk: UUID | None) -> UUID | None:
    """The end of the branch that is shown, or of the one on which a message lies."""
    leaf = shown_leaf(session, tree)
    if pk is None or pk in tree.branch_of(leaf):
        return leaf
    if pk not in tree.places:
        raise NotFound("Not found.")
    return tree.latest_leaf(below=pk)


def more_around(ids: Sequence[UUID], chosen: Sequence[UUID]) -> tuple[UUID | None, UUID | None]:
    """The first and the last of the chosen, where others are before or after them."""
    if not chosen:
        return None, None
    older = chosen[0] if chosen[0] != ids[0] else None
    newer = chosen[-1] if chosen[-1] != ids[-1] else None
    return older, newer


def show_messages(ids: Sequence[UUID], tree: MessageTree | None = None) -> list[Shown]:
    """Messages with what stands beside them, in as many queries for one as for forty.

    Without the tree of their conversation only their siblings are read. Messages that went
    meanwhile are left out.
    """
    if not ids:
        return []
    # Before the messages: an answer whose run had ended has all of its text.
    runs = runs_of(ids)
    rows = read_messages(ids)
    tree = tree or read_siblings(rows)
    return [
        Shown(row, tree.siblings_of(row.pk), runs.get(row.pk))
        for row in rows
        if row.pk in tree.places
    ]


def part_context(session: Session, shown: list[Shown], **known: Any) -> dict[str, Any]:
    """What the template of some messages knows without the page around them."""
    return {"session": session, "shown": shown, "models": list_models(), **known}


def runs_of(ids: Sequence[UUID]) -> dict[UUID | None, Run]:
    """The runs that write or wrote some answers, by the ids of these."""
    rows = Run.objects.filter(answer__in=ids).only(*RUN_FIELDS)
    return {run.answer_id: run for run in rows}
