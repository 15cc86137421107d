"""Asking as people do: whole runs with their model and citations, of which nothing is kept."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING

from chat.evaluation.judging import Cited, Given
from chat.exceptions import NoRoom
from chat.models import Run
from chat.runs.manager import accept, request_stop, run_manager
from chat.runs.stream import view_run
from chat.services.background import post_behind
from youworker.core.db import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.models import Citation
    from chat.services import AcceptedMessage
    from documents.models import Collection

# Between two looks whether people leave room, and how long it is looked for. A conversation that
# waits for its next question is erased after a minute.
LOOK_SECONDS, ROOM_SECONDS = 0.5, 30.0
# An answer that takes longer is stopped, and counts as none.
ANSWER_SECONDS = 300.0
LAST_SECONDS = 10.0


async def hold_conversation(
    questions: Sequence[str], *, model: str, collection: Collection | None = None, actor: User
) -> list[Given]:
    """The answers to questions of one conversation; raises `NoRoom` and other `DomainError`s."""
    given: list[Given] = []
    session_id: UUID | None = None
    for text in questions:
        post = partial(
            post_behind,
            text,
            session_id=session_id,
            collection=collection,
            model=model,
            actor=actor,
        )
        posted = await post_with_room(post)
        session_id, began = posted.session_id, time.perf_counter()
        await see_end(posted.run_id)
        seconds = time.perf_counter() - began
        given.append(await run_in_thread(read_answer, posted.run_id, text, seconds))
    return given


async def post_with_room(post: Callable[..., AcceptedMessage]) -> AcceptedMessage:
    """Have a question answered in this event loop; raises `NoRoom` when people leave none."""
    until = time.monotonic() + ROOM_SECONDS
    while True:
        try:
            return await run_in_thread(accept, post, manager=run_manager())
        except NoRoom:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(LOOK_SECONDS)


async def see_end(run_id: UUID) -> None:
    """Return when a run has ended, which is stopped when it takes too long."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await view_to_end(run_id)
    except TimeoutError:
        await request_stop(run_id)
        # One that does not end even so counts as none as well.
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await view_to_end(run_id)


async def view_to_end(run_id: UUID) -> None:
    """Read what a run tells any viewer, till its end: another process may have taken it up."""
    async with aclosing(view_run(run_id)) as batches:
        async for _ in batches:
            pass


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
    return Cited(
        row.title, uri, row.quote, row.supported, str(row.document_id or ""), index=row.index
    )
