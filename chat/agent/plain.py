"""Asking a model for one text, without tools: summaries and titles; imports no Django."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.agent.exceptions import AnswerEmpty, AnswerFiltered
from chat.agent.sentences import SAID_NOTHING, WITHHELD
from chat.agent.tokens import estimated_tokens
from chat.agent.types import ReasoningDelta, Retraction, TextDelta, TurnEnd, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage, LanguageModel


@dataclass(slots=True)
class Spent:
    """How many tokens were read and written, also for what came to nothing."""

    tokens_in: int = 0
    tokens_out: int = 0


async def ask_plainly(
    model: LanguageModel, messages: Sequence[ChatMessage], *, most_chars: int, spent: Spent
) -> str:
    """What a model says to a prompt, up to so many characters; what it costs is added to `spent`.

    Raises `AnswerEmpty`, `AnswerFiltered`, and what the model raises.
    """
    said: list[str] = []
    length = thought = 0
    told: Usage | None = None
    try:
        async with aclosing(model.stream(messages, tools=())) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    said.append(event.text)
                    length += len(event.text)
                elif isinstance(event, ReasoningDelta):
                    thought += estimated_tokens(event.text)
                elif isinstance(event, Retraction):
                    thought += estimated_tokens("".join(said))
                    said, length = [], 0
                elif isinstance(event, Usage):
                    told = event
                elif isinstance(event, TurnEnd) and event.reason == "filter":
                    raise AnswerFiltered(WITHHELD)
                if length > most_chars:
                    break
    finally:
        text = "".join(said)
        if told is None:
            tokens_in = sum(estimated_tokens(message.content) for message in messages)
            told = Usage(tokens_in, estimated_tokens(text) + thought)
        spent.tokens_in += told.tokens_in
        spent.tokens_out += told.tokens_out
    if not text.strip():
        raise AnswerEmpty(SAID_NOTHING)
    return text[:most_chars].strip()
