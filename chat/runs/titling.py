"""Titles by the model, after the first answer and behind everything that people wait for."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction

from chat.agent.exceptions import AgentError
from chat.agent.plain import Spent, ask_plainly
from chat.agent.titles import LONGEST_REPLY, clean_title, title_messages
from chat.enums import RunStatus
from chat.llm import registry
from chat.llm.admission import batch_slot
from chat.llm.quote.model import NAME as QUOTE
from chat.models import Session
from quotas.enums import UsageKind, UsageOutcome
from quotas.services import record_usage
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.per_loop import PerLoop, Stage
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from uuid import UUID

    from chat.models import Run

logger = logging.getLogger(__name__)

TITLE_SECONDS = 60.0
TITLE_CHARACTERS = 80


class Said(NamedTuple):
    """What a title is found for, and by which model."""

    question: str
    answer: str
    model: str


class Titler:
    """The titles that one event loop asks for."""

    def __init__(self) -> None:
        self.tasks: dict[UUID, asyncio.Task[None]] = {}

    def begin(self, run: Run, said: Said) -> None:
        """Ask for a title in the background, unless that is under way for its conversation."""
        key = run.session_id
        if key not in self.tasks:
            task = self.tasks[key] = asyncio.create_task(name_session(run, said))
            task.add_done_callback(lambda _: self.tasks.pop(key, None))

    async def close(self) -> None:
        """Give up what is under way: the next answer asks again."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


titlers: PerLoop[Titler] = PerLoop(Titler, close=Titler.close, stage=Stage.WORK)


def title_later(run: Run, result: dict[str, Any]) -> None:
    """Have the conversation of a run named that ended with this result, if nobody named it."""
    answer = result["message"]
    awaits = config.agent.titles and run.session.awaits_title
    if awaits and answer and result["status"] == RunStatus.SUCCEEDED and answer["model"] != QUOTE:
        said = Said(run.question.content, answer["content"], answer["model"])
        titlers.get().begin(run, said)


async def name_session(run: Run, said: Said) -> None:
    """Name a conversation after its question and answer; whatever fails leaves it as it is."""
    spent, title = Spent(), None
    try:
        model = await registry.resolve_model(said.model)
        # What waits for room waits its turn; the model itself has its own clock.
        async with batch_slot(model), asyncio.timeout(TITLE_SECONDS):
            messages = title_messages(said.question, said.answer, language_of(run))
            reply = await ask_plainly(model, messages, most_chars=LONGEST_REPLY, spent=spent)
            title = clean_title(reply)
    except (AgentError, TimeoutError) as error:
        logger.info("no title from %r: %s", said.model, type(error).__name__)
    except Exception:
        logger.exception("a title could not be made")
    try:
        await run_in_thread(store_title, run, said.model, title, spent)
    except Exception:
        logger.exception("a title could not be stored")


def language_of(run: Run) -> str:
    """The language its user wants to be answered in."""
    return str(run.options.get("language") or run.user.language)


@transaction.atomic
def store_title(run: Run, model: str, title: str | None, spent: Spent) -> bool:
    """Name a conversation that still waits for it, and count what that cost; false if it was named.

    An empty title leaves the former one, and ends the waiting: the model has none to give.
    """
    session = None
    if title is not None:
        rows = Session.objects.filter(pk=run.session_id, awaits_title=True)
        session = rows.select_for_update().first()
    if session is not None:
        if title:
            session.title = shortened_title(storable_text(title))
        session.awaits_title = False
        session.save_fields("title", "awaits_title")
    if spent.tokens_in or spent.tokens_out:
        record_usage(
            UsageKind.TITLE,
            run.user_id,
            key_id=run.api_key_id,
            name=model,
            outcome=UsageOutcome.FAILED if title is None else UsageOutcome.SUCCEEDED,
            tokens_in=spent.tokens_in,
            tokens_out=spent.tokens_out,
        )
    return session is not None


def shortened_title(title: str) -> str:
    """A title of at most eighty characters, cut between words."""
    if len(title) <= TITLE_CHARACTERS:
        return title
    return title[:TITLE_CHARACTERS].rsplit(" ", 1)[0] + "…"
