"""Conversations that fill a window: older messages become a stored summary, which is used again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from chat.agent.compaction import (
    divide,
    fits,
    make_summary,
    summary_messages,
    summary_tokens,
)
from chat.agent.exceptions import AgentError
from chat.agent.plain import Spent
from chat.agent.sentences import NOT_SUMMARISED, SUMMARISED
from chat.agent.tokens import tokens_of_prompt
from chat.llm.quote.essentials import essentials_of
from chat.llm.quote.model import NAME as QUOTE
from chat.models import Run, Summary
from chat.runs.inputs import LONGEST_HISTORY
from chat.runs.leases import LeaseLost
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage, LanguageModel

logger = logging.getLogger(__name__)

# However short messages are, no more of them stay beside a summary.
MOST_KEPT = LONGEST_HISTORY // 2


class Uncompacted(Exception):
    """No summary could be made; the reason is on record."""


class Compactor:
    """Makes the conversation before a question fit a model's window."""

    def __init__(self, run: Run, model: LanguageModel, *, language: str, window: int) -> None:
        self.run, self.model, self.language, self.window = run, model, language, window
        self.spent = Spent()
        # For how many messages the summary stands.
        self.count = 0

    async def make_conversation(
        self, newest_first: Sequence[ChatMessage], budget: int
    ) -> list[ChatMessage]:
        """What is in the prompt instead of a whole conversation, oldest first.

        The newest message is the question. Raises `Uncompacted`, and `LeaseLost`.
        """
        question, *before = newest_first
        ids = [message.id for message in before]
        former = await run_in_thread(latest_summary, self.run, self.model.name, ids)
        after = before if former is None else before[: ids.index(str(former.upto_id))]
        budget -= tokens_of_prompt(question)
        if former is not None and self.is_enough(former, after, budget):
            summary, kept = former, after
        else:
            kept, older = divide(after, budget, most=MOST_KEPT)
            if not older:
                raise Uncompacted
            tokens = max(min(summary_tokens(budget), budget), 1)
            summary = await self.make_summary(former, older, tokens)
        self.count = summary.messages
        room = budget - sum(map(tokens_of_prompt, kept))
        # The built-in model looks for its question in what users said.
        is_quoting = self.model.name == QUOTE
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

    async def make_summary(
        self, former: Summary | None, older: Sequence[ChatMessage], tokens: int
    ) -> Summary:
        """A new summary of the former one and the `older` messages, which are newest first."""
        text, before = (former.content, former.messages) if former else ("", 0)
        text = await self.write(text, older[::-1], tokens)
        summary = Summary(
            session_id=self.run.session_id,
            upto_id=UUID(older[0].id),
            model=self.model.name[:200],
            messages=before + len(older),
            content=storable_text(text),
            tokens_in=self.spent.tokens_in,
            tokens_out=self.spent.tokens_out,
        )
        return await run_in_thread(store_summary, self.run, summary)

    async def write(self, former: str, oldest_first: Sequence[ChatMessage], tokens: int) -> str:
        """The words of a summary; raises `Uncompacted` when the model gives none in time."""
        if self.model.name == QUOTE:
            return await asyncio.to_thread(essentials_of, former, oldest_first, tokens=tokens)
        try:
            async with asyncio.timeout(config.agent.summary_seconds):
                return await make_summary(
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


def latest_summary(run: Run, model: str, ids: Sequence[str]) -> Summary | None:
    """The summary of this model that tells most of a branch, whose messages are newest first."""
    places = {UUID(pk): place for place, pk in enumerate(ids)}
    stored = Summary.objects.filter(session=run.session_id, model=model[:200], upto__in=places)
    return min(stored, key=lambda each: places[each.upto_id], default=None)


@transaction.atomic
def store_summary(run: Run, summary: Summary) -> Summary:
    """Keep a summary while the run is held; a twin that was quicker stays. Raises `LeaseLost`."""
    if not Run.objects.lock_held(run.pk, run.lease_token):
        raise LeaseLost
    Summary.objects.bulk_create([summary], ignore_conflicts=True)
    return summary
