"""Asking like `manage.py ask`: whole runs with their tools, their model and their citations."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from chat import services
from chat.models import Run
from chat.runs.manager import launch
from chat.runs.stream import view_run
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.models import Citation
    from chat.services import AcceptedMessage


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation: its document, what was quoted of it, and whether that holds the answer."""

    title: str
    uri: str
    quote: str
    supported: bool


@dataclass(frozen=True, slots=True)
class Given:
    """One answer."""

    question: str
    text: str
    status: str
    seconds: float
    citations: tuple[Cited, ...] = ()
    # Sentences that their citations do not hold.
    unsupported: int = 0

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Given:
        """The answer as `as_json` wrote it."""
        return cls(**{**row, "citations": tuple(Cited(**one) for one in row["citations"])})

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data."""
        return asdict(self)


def ask_all(
    conversations: Sequence[Sequence[str]],
    *,
    model: str,
    user: User,
    told: Callable[[Given], None] = lambda _: None,
) -> list[list[Given]]:
    """The answers to the questions of each conversation, one after the other."""
    return asyncio.run(hold_conversations(conversations, model, user, told))


async def hold_conversations(
    conversations: Sequence[Sequence[str]],
    model: str,
    user: User,
    told: Callable[[Given], None] = lambda _: None,
) -> list[list[Given]]:
    """Ask in this event loop, and close what it holds."""
    found = []
    try:
        for questions in conversations:
            answers, session = list[Given](), None
            for question in questions:
                posted, given = await ask(question, session, model, user)
                session = session or posted.session_id
                answers.append(given)
                told(given)
            found.append(answers)
    finally:
        await close_all()
    return found


async def ask(
    question: str, session_id: UUID | None, model: str, user: User
) -> tuple[AcceptedMessage, Given]:
    """Post a question, have its run carried out, and read what was stored."""
    began = time.perf_counter()
    posted = await sync_to_async(post)(question, session_id, model, user)
    await launch(posted.run_id)
    # A web process may have taken it up first, so its end is read like by any other viewer.
    async with aclosing(view_run(posted.run_id)) as batches:
        async for _ in batches:
            pass
    seconds = time.perf_counter() - began
    return posted, await run_in_thread(read_answer, posted.run_id, question, seconds)


def post(question: str, session_id: UUID | None, model: str, user: User) -> AcceptedMessage:
    """Store a question, in the conversation that there is or in a new one."""
    session = services.own_session(session_id, actor=user) if session_id else None
    return services.post_chat(text=question, session=session, model=model, actor=user)


def read_answer(run_id: UUID, question: str, seconds: float) -> Given:
    """The answer of a run with its citations; without text when it failed."""
    run = Run.objects.select_related("answer").get(pk=run_id)
    if run.answer is None:
        return Given(question, "", run.status, seconds)
    citations = run.answer.citations.select_related("document").order_by("index")
    return Given(
        question=question,
        text=run.answer.content,
        status=run.status,
        seconds=seconds,
        citations=tuple(map(cited, citations)),
        unsupported=len(run.answer.unsupported),
    )


def cited(row: Citation) -> Cited:
    """A stored citation as it is judged."""
    uri = row.document.uri if row.document else ""
    return Cited(row.title, uri, row.quote, row.supported)
