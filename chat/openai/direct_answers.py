"""Answers of models that are asked without the agent: nothing is stored but what they used."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from accounts.exceptions import AccessEnded
from accounts.services import access_by
from chat.agent.exceptions import (
    AgentError,
    ModelRefused,
    ModelUnavailable,
    ModelUnknown,
    PromptTooLong,
)
from chat.agent.tokens import size_of, tokens_of_bytes
from chat.agent.types import (
    ReasoningDelta,
    Retraction,
    TextDelta,
    ToolCall,
    TurnEnd,
    Usage,
)
from chat.direct_calls import end_call
from chat.enums import CallKind
from chat.exceptions import ModelFailed, ModelRefusal, OversizedPrompt
from chat.llm import registry
from chat.llm.admission import give_room, take_room
from chat.llm.fallback import FallbackModel
from chat.llm.openai.direct import DirectModel
from chat.llm.openai.model import OpenAICompatibleModel
from chat.llm.quote.housekeeping import HousekeepingModel
from chat.llm.quote.model import NAME as QUOTE
from chat.llm.quote.model import QuoteModel
from chat.openai.asked import FREE_CHOICES
from chat.openai.feed import Feed
from chat.openai.names import not_found
from chat.openai.wire import KEEPALIVE, Answer
from chat.services import record_direct_call
from quotas.enums import UsageOutcome
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.realtime.revocation import Revoked, until_revoked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from accounts.types import AccessGrant
    from chat.agent.types import LanguageModel, ModelEvent, StopReason
    from chat.direct_calls import DirectCall
    from chat.openai.asked import Asked
    from chat.openai.wire import AnswerWire
    from youworker.core.exceptions import DomainError

logger = logging.getLogger(__name__)

# So long a stream waits with its status for the first words: a model that is unknown, refuses or
# is away is told by the status then, which clients understand better than a broken stream.
STATUS_SECONDS = 8.0
KEEPALIVE_SECONDS = 12.0
FINISH: dict[StopReason, str] = {"": "stop", "length": "length", "filter": "content_filter"}
UNUSABLE_CALL = "The model called a tool with arguments that cannot be read."

# What is being written down of answers that ended; a task that nobody holds may vanish.
recordings: set[asyncio.Task[None]] = set()


@dataclass(slots=True)
class Said:
    """What a model has said so far."""

    text: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    stop: StopReason = ""
    usage: Usage | None = None

    def take(self, event: ModelEvent) -> None:
        """Keep one event; raises `ModelUnavailable` for a call that its caller cannot make."""
        if isinstance(event, TextDelta):
            self.text.append(event.text)
        elif isinstance(event, ReasoningDelta):
            self.thought.append(event.text)
        elif isinstance(event, Retraction):
            self.thought += self.text
            self.text.clear()
        elif isinstance(event, TurnEnd):
            self.stop = event.reason
        elif isinstance(event, Usage):
            self.usage = event
        elif isinstance(event, ToolCall):
            self.calls.append(event)

    def usable_calls(self) -> list[ToolCall]:
        """The calls, without one that was cut off; raises `ModelUnavailable` for other bad ones."""
        usable = [call for call in self.calls if not call.invalid]
        if len(usable) < len(self.calls) and self.stop != "length":
            raise ModelUnavailable(UNUSABLE_CALL)
        return usable

    @property
    def finish(self) -> str:
        """Why the model stopped, in OpenAI's words."""
        return "tool_calls" if self.calls and not self.stop else FINISH[self.stop]

    def whole(self, asked: Asked) -> Answer:
        """The answer to its reader; raises `ModelUnavailable` for calls nobody can make."""
        text, thought = "".join(self.text), "".join(self.thought)
        return Answer(text, self.finish, self.counted(asked), thought, self.usable_calls())

    def counted(self, asked: Asked) -> Usage:
        """What the answer used; by its length where the model did not come to tell."""
        if self.usage is not None:
            return self.usage
        told = {name: asked.body.get(name) for name in ("tools", "response_format")}
        read = sum(size_of(message.content) for message in asked.messages)
        read += sum(len(orjson.dumps(value)) for value in told.values() if value)
        written = sum(map(size_of, self.text)) + sum(map(size_of, self.thought))
        return Usage(tokens_of_bytes(read), tokens_of_bytes(written))


class DirectAnswer:
    """One answer in the making; whoever began it ends it."""

    def __init__(self, model: LanguageModel, asked: Asked, call: DirectCall) -> None:
        self.model, self.asked, self.call = model, asked, call
        self.said, self.began = Said(), time.monotonic()
        self.outcome = UsageOutcome.STOPPED
        self.is_closed = False
        if isinstance(model, FallbackModel):
            model.enter = self.enter
        stream = model.stream(asked.messages, tools=asked.tools)
        self.feed = Feed(stream, seconds=config.llm.total_timeout)
        # Also when nobody comes to read it.
        self.feed.reading.add_done_callback(lambda _: end_call(self.call))

    async def enter(self, address: str) -> bool:
        """Take room at another server instead, if it has some."""
        moved = replace(self.call, endpoint=address, id=uuid4())
        if not await run_in_thread(take_room, moved, CallKind.DIRECT):
            return False
        former, self.call = self.call, moved
        await run_in_thread(give_room, former)
        return True

    async def read_batch(self) -> list[ModelEvent] | None:
        """What the model says next, nothing while it is silent, None after the end."""
        try:
            batch = await self.feed.read_batch(KEEPALIVE_SECONDS)
        except AgentError:
            self.outcome = UsageOutcome.FAILED
            raise
        for event in batch or ():
            self.said.take(event)
        if batch is None:
            self.outcome = UsageOutcome.SUCCEEDED
        return batch

    async def close(self) -> None:
        """End the call, and write down what it used."""
        if self.is_closed:
            return
        self.is_closed = True
        try:
            await self.feed.close()
        finally:
            end_call(self.call)
            # Of its own: whoever waits here may be cancelled.
            recording = asyncio.create_task(self.record())
            recordings.add(recording)
            recording.add_done_callback(recordings.discard)
            await asyncio.shield(recording)

    async def record(self) -> None:
        """Write down what the answer used; the answer is given all the same when that fails.

        Whoever hangs up had the question read.
        """
        has_spoken = bool(self.said.usage or self.said.text or self.said.thought)
        is_counted = has_spoken or self.outcome == UsageOutcome.STOPPED
        try:
            await run_in_thread(
                record_direct_call,
                self.call,
                # What no model answered to may be anything that somebody typed.
                model=self.model.name if has_spoken else "",
                outcome=self.outcome,
                usage=self.said.counted(self.asked) if is_counted else Usage(0, 0),
                seconds=time.monotonic() - self.began,
            )
        except Exception:
            logger.exception("what an answer used cannot be written down")


def in_own_words(model: LanguageModel, asked: Asked) -> LanguageModel:
    """A model that is asked as its caller words it; the built-in one has no request."""
    if isinstance(model, FallbackModel):
        return FallbackModel([direct_model(each, asked) for each in model.candidates], model.absent)
    if isinstance(model, OpenAICompatibleModel):
        return direct_model(model, asked)
    if isinstance(model, QuoteModel):
        require_quotable(asked)
        if asked.is_housekeeping:
            return HousekeepingModel()
    return model


def require_quotable(asked: Asked) -> None:
    """Raise `ModelRefused` for what the built-in model cannot say: only a model writes that."""
    if asked.body.get("tool_choice") not in FREE_CHOICES:
        raise ModelRefused(f"{QUOTE} quotes documents and calls no tools: ask another model.")
    form = (asked.body.get("response_format") or {}).get("type", "text")
    if form != "text":
        raise ModelRefused(f"{QUOTE} quotes documents and writes no JSON: ask another model.")


def direct_model(model: OpenAICompatibleModel, asked: Asked) -> DirectModel:
    """A model of one server that is asked as its caller words it."""
    return DirectModel(
        model.name,
        model.endpoint,
        model.retry,
        # What a caller's own words provoke is not learned for others.
        set(model.refused),
        replace(model.habits),
        model.window,
        asked=asked.body,
    )


async def begin_answer(
    name: str, asked: Asked, call: DirectCall, *, waits: bool = False
) -> DirectAnswer:
    """Ask a model that was admitted, and if it `waits` give it some seconds for its first words.

    Raises the refusal when there is no such model, or it breaks down within them.
    """
    answer: DirectAnswer | None = None
    try:
        model = await registry.resolve_model(name)
        model = in_own_words(model, asked)
        answer = DirectAnswer(model, asked, call)
        if waits:
            await answer.feed.look_ahead(STATUS_SECONDS)
    except BaseException as error:
        end_call(call)
        if answer is None:
            await asyncio.shield(run_in_thread(give_room, call))
        else:
            answer.outcome = UsageOutcome.FAILED
            await answer.close()
        if isinstance(error, AgentError):
            raise refusal_of(error, name) from error
        raise
    return answer


async def stream_answer(
    answer: DirectAnswer, wire: AnswerWire, grant: AccessGrant
) -> AsyncGenerator[bytes, None]:
    """The pieces of an answer; whoever closes this closes the request to the model at once."""
    try:
        yield wire.beginning()
        with suppress(Revoked), until_revoked(access_by(grant)) as revocable:
            while (batch := await revocable.wait_for(answer.read_batch)) is not None:
                yield b"".join(pieces_of(batch, wire)) or KEEPALIVE
            yield wire.ending(answer.said.whole(answer.asked))
    except AgentError as error:
        yield wire.failure(refusal_of(error, wire.model))
    finally:
        await answer.close()


def pieces_of(batch: Sequence[ModelEvent], wire: AnswerWire) -> Iterable[bytes]:
    """What a reader is sent of some events; neighbouring texts go together.

    What turns out to be reasoning after it was sent cannot be taken back.
    """
    held: list[str] = []
    kind: type[TextDelta | ReasoningDelta] = TextDelta
    for event in batch:
        if not isinstance(event, (TextDelta, ReasoningDelta)):
            continue
        if held and type(event) is not kind:
            yield text_piece("".join(held), kind, wire)
            held.clear()
        kind = type(event)
        held.append(event.text)
    if held:
        yield text_piece("".join(held), kind, wire)


def text_piece(text: str, kind: type[TextDelta | ReasoningDelta], wire: AnswerWire) -> bytes:
    """A piece of the answer, or of what the model thinks before it."""
    return wire.text(text) if kind is TextDelta else wire.thought(text)


async def ask_for_answer(
    name: str, asked: Asked, call: DirectCall, wire: AnswerWire, grant: AccessGrant
) -> dict[str, Any]:
    """Ask a model, and give its answer once it is complete.

    Raises the refusal when it does not come to one, and `AccessEnded`.
    """
    answer = await begin_answer(name, asked, call)
    try:
        with suppress(Revoked), until_revoked(access_by(grant)) as revocable:
            while await revocable.wait_for(answer.read_batch) is not None:
                pass
            return wire.whole(answer.said.whole(asked))
    except AgentError as error:
        raise refusal_of(error, name) from error
    finally:
        await answer.close()
    raise AccessEnded("Your access ended while the answer was made.")


def refusal_of(error: AgentError, name: str) -> DomainError:
    """What an error of a model means to whoever asked for it."""
    if isinstance(error, ModelUnknown):
        return not_found(name)
    if isinstance(error, PromptTooLong):
        return OversizedPrompt(error.message)
    if isinstance(error, ModelRefused):
        return ModelRefusal(error.message)
    return ModelFailed(error.message)
