"""Conversations that fill a window: older messages become a stored summary, which is used again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chat.agent.compaction import (
    divide,
    fits,
    summarise,
    summary_messages,
    summary_tokens,
)
from chat.agent.exceptions import AgentError
from chat.agent.plain import Spent
from chat.agent.prompt import tokens_of_message
from chat.agent.sentences import NOT_SUMMARISED, SUMMARISED
from chat.agent.types import ChatMessage
from chat.llm.quote.essentials import essentials_of
from chat.llm.quote.model import QuoteModel
from chat.models import Run, Summary
from chat.runs import statements
from chat.runs.inputs import LONGEST_HISTORY
from chat.runs.leases import LeaseLost
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from chat.agent.types import LanguageModel

logger = logging.getLogger(__name__)

# However short messages are, no more of them stay beside a summary.
MOST_KEPT = LONGEST_HISTORY // 2


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was said before a question, newest first, with the ids; and the latest summary of it.

    The messages are those that the summary does not tell of.
    """

    messages: list[ChatMessage]
    ids: list[UUID]
    summary: Summary | None = None


class Uncompacted(Exception):
    """No summary could be made; the reason is on record."""


class Compactor:
    """Makes the conversation before a question fit a model's window."""

    def __init__(self, run: Run, model: LanguageModel, *, language: str, window: int) -> None:
        self.run, self.model, self.language, self.window = run, model, language, window
        self.spent = Spent()
        # For how many messages the summary stands.
        self.count = 0

    async def compact(self, question: ChatMessage, budget: int) -> list[ChatMessage]:
        """What is in the prompt instead of the whole conversation, oldest first.

        Raises `Uncompacted`, and `LeaseLost`.
        """
        earlier = await run_in_thread(read_earlier, self.run, self.model.name)
        summary, kept = earlier.summary, earlier.messages
        asked = tokens_of_message(question.content)
        tokens = min(summary_tokens(budget), max(budget - asked, 1))
        if summary is None or not self.is_enough(summary, kept, budget - asked):
            kept, older = divide(kept, budget - asked, most=MOST_KEPT)
            if older:
                summary = await self.make(earlier, older, tokens)
        if summary is None:
            raise Uncompacted
        self.count = summary.messages
        room = budget - asked - sum(tokens_of_message(message.content) for message in kept)
        # The built-in model looks for its question in what users said.
        is_quoting = isinstance(self.model, QuoteModel)
        about = [] if is_quoting else summary_messages(summary.content, self.language, room=room)
        return [*about, *reversed(kept), question]

    def account(self) -> dict[str, Any]:
        """What viewers of the run are told about it."""
        if not self.count:
            return {"level": "warning", "message": NOT_SUMMARISED, "code": "not_summarised"}
        text = SUMMARISED.format(count=self.count)
        return {"level": "info", "message": text, "code": "summarised"}

    def is_enough(self, summary: Summary, after: Sequence[ChatMessage], room: int) -> bool:
        """Whether a stored summary and all that was said after it fit."""
        about = summary_messages(summary.content, self.language, room=room)
        return len(after) < LONGEST_HISTORY - 1 and fits([*about, *after], room)

    async def make(self, earlier: Earlier, older: Sequence[ChatMessage], tokens: int) -> Summary:
        """A new summary of what was said up to the newest of the `older` messages."""
        former = earlier.summary.content if earlier.summary else ""
        before = earlier.summary.messages if earlier.summary else 0
        text = await self.write(former, older[::-1], tokens)
        newest = earlier.ids[len(earlier.messages) - len(older)]
        summary = Summary(
            session_id=self.run.session_id,
            upto_id=newest,
            model=self.model.name[:200],
            messages=before + len(older),
            content=storable_text(text),
            tokens_in=self.spent.tokens_in,
            tokens_out=self.spent.tokens_out,
        )
        return await run_in_thread(store_summary, self.run, summary)

    async def write(self, former: str, oldest_first: Sequence[ChatMessage], tokens: int) -> str:
        """The words of a summary; raises `Uncompacted` when the model gives none in time."""
        if isinstance(self.model, QuoteModel):
            return await asyncio.to_thread(essentials_of, former, oldest_first, tokens=tokens)
        try:
            async with asyncio.timeout(config.agent.summary_seconds):
                return await summarise(
                    self.model,
                    former,
                    oldest_first,
                    language=self.language,
                    window=self.window,
                    tokens=tokens,
                    spent=self.spent,
                )
        except (AgentError, TimeoutError) as error:
            # What a server says may quote the conversation.
            logger.warning("Model %r gave no summary: %s", self.model.name, type(error).__name__)
            raise Uncompacted from error


def read_earlier(run: Run, model: str) -> Earlier:
    """What was said before the question of a run, as far as no summary of this model tells it."""
    parent = run.question.parent_id
    if parent is None:
        return Earlier([], [])
    rows = statements.read_branch(run.session_id, parent, most=LONGEST_HISTORY)
    ids = [row.pk for row in rows]
    places = {pk: place for place, pk in enumerate(ids)}
    stored = Summary.objects.filter(session=run.session_id, model=model[:200], upto__in=ids)
    summary = min(stored, key=lambda each: places[each.upto_id], default=None)
    after = rows if summary is None else rows[: places[summary.upto_id]]
    said = [row for row in after if row.content]
    messages = [
        ChatMessage("user" if row.role == "user" else "assistant", row.content) for row in said
    ]
    return Earlier(messages, [row.pk for row in said], summary)


@transaction.atomic
def store_summary(run: Run, summary: Summary) -> Summary:
    """Keep a summary while the run is held; a twin that was quicker stays. Raises `LeaseLost`."""
    if not Run.objects.lock_held(run.pk, run.lease_token):
        raise LeaseLost
    Summary.objects.bulk_create([summary], ignore_conflicts=True)
    return summary
