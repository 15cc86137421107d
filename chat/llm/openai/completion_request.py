"""One request to a model server and its answer, read as raw lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.agent.exceptions import AgentError, ModelUnavailable
from chat.agent.sentences import DID_NOT_BEGIN, FELL_SILENT, TOO_SLOW
from chat.llm.openai.errors import Transient, transport_failure
from chat.llm.openai.stream_reader import AnswerReader
from youworker.upstream.client import open_answer
from youworker.upstream.errors import TRANSPORT_ERRORS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx2

    from chat.agent.types import ModelEvent
    from chat.llm.openai.stream_reader import Question
    from chat.llm.openai.timeouts import Clock
    from youworker.upstream.endpoint import Endpoint

TAIL_SECONDS = 1.0


class CompletionRequest:
    """One request and its answer being read."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, deadline: float, question: Question
    ) -> None:
        self.endpoint = endpoint
        self.clock = clock
        # Of the first token, on the loop's clock.
        self.deadline = deadline
        self.reader = AnswerReader(endpoint.limits, question)
        self.body: dict[str, Any] = {}
        self.response: httpx2.Response | None = None
        self.blocks: AsyncGenerator[bytes, None] | None = None
        # Until when counts are waited for after the last word, on that clock; nought = not yet.
        self.tail_end = 0.0
        self.over = False

    async def open(self, body: dict[str, Any]) -> None:
        """Send the request and receive the head of the answer; raises `StatusError`, too."""
        self.body = body
        longest = self.endpoint.limits.answer_bytes
        try:
            with self.clock.until(self.deadline):
                response = await open_answer(
                    self.endpoint, "chat/completions", body, longest=longest
                )
        except TimeoutError as error:
            raise self.too_slow() from error
        except TRANSPORT_ERRORS as error:
            raise transport_failure(error) from error
        self.response = response
        # Packed answers were refused: unpacking would only cost something at every token.
        self.blocks = response.aiter_raw()

    async def read_events(self) -> list[ModelEvent] | None:
        """What the next network read brought, maybe nothing; None after the end."""
        if self.over or self.blocks is None:
            return None
        if self.reader.failure:
            raise self.reader.failure
        try:
            block = await self.read_block(self.blocks)
        except AgentError as failure:
            return self.reader.give_up(failure)
        if not block:
            return self.ended()
        try:
            return self.reader.feed(block)
        except ModelUnavailable as error:
            # Told before the first word: nothing is lost by asking again.
            raise Transient(error) from error

    def ended(self) -> list[ModelEvent]:
        """The last events; an answer without any output may be asked for again."""
        try:
            events = self.reader.end(self.body)
        except ModelUnavailable as error:
            raise Transient(error) from error
        # A failure after the last words is raised when it is asked for more.
        self.over = self.reader.failure is None
        return events

    async def read_block(self, blocks: AsyncGenerator[bytes, None]) -> bytes:
        """The next piece received; empty at the end. Raises what a lost connection means."""
        try:
            with self.clock.until(self.patience()):
                return await anext(blocks, b"")
        except TimeoutError as error:
            if self.reader.finished:
                return b""
            raise self.too_slow() from error
        except TRANSPORT_ERRORS as error:
            failure = transport_failure(error)
            if isinstance(failure, Transient) and self.reader.finished:
                return b""
            if isinstance(failure, Transient) and self.reader.started:
                raise ModelUnavailable("The model's server broke off the answer.") from error
            raise failure from error

    def patience(self) -> float:
        """Until when the next piece is awaited, on the loop's clock."""
        if self.reader.finished:
            # Only the counts are missing; some servers never close, and some never fall silent.
            self.tail_end = self.tail_end or self.clock.loop.time() + TAIL_SECONDS
            return self.tail_end
        if not self.reader.started:
            return self.deadline
        return self.clock.loop.time() + self.endpoint.timeouts.idle

    def too_slow(self) -> ModelUnavailable:
        """Which of the clocks ran out, in a sentence."""
        timeouts = self.endpoint.timeouts
        if self.clock.is_over:
            return ModelUnavailable(TOO_SLOW.format(seconds=f"{timeouts.total:g}"))
        if self.reader.started:
            return ModelUnavailable(FELL_SILENT.format(seconds=f"{timeouts.idle:g}"))
        return ModelUnavailable(DID_NOT_BEGIN.format(seconds=f"{timeouts.first_token:g}"))

    async def close(self) -> None:
        """Close the request, whether its answer was read to the end or not."""
        self.over = True
        if self.blocks is not None:
            blocks, self.blocks = self.blocks, None
            await blocks.aclose()
        if self.response is not None:
            response, self.response = self.response, None
            await response.aclose()
