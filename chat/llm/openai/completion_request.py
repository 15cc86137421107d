"""One request to a model server and its answer, read as raw lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.agent.errors import ModelUnavailable
from chat.llm.openai.clients import client_for
from chat.llm.openai.errors import Transient, connection_failure, too_large
from chat.llm.openai.stream_reader import AnswerReader
from youworker.common.correlation import HEADER, correlation_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.agent.types import ModelEvent
    from chat.llm.openai.timeouts import Clock
    from youworker.common.config.sections import LlmConfig

TAIL_SECONDS = 1.0


class Turn:
    """One request and its answer being read."""

    def __init__(self, llm: LlmConfig, clock: Clock, deadline: float) -> None:
        self.llm = llm
        self.clock = clock
        # Of the first token, on the loop's clock.
        self.deadline = deadline
        self.reader = AnswerReader(llm)
        self.body: dict[str, Any] = {}
        self.context: Any = None
        self.blocks: AsyncGenerator[bytes, None] | None = None
        # Until when counts are waited for after the last word, on that clock; nought = not yet.
        self.tail_end = 0.0
        # The server ignored `stream` and answers one JSON document.
        self.whole = False
        self.over = False

    async def open(self, body: dict[str, Any]) -> None:
        """Send the request and receive the head of the answer."""
        import httpx2  # noqa: PLC0415 -- belongs to the client's library
        import openai  # noqa: PLC0415 -- 40 MB that only users of a model server pay

        client = await client_for(self.llm)
        self.body = body
        identifier = correlation_id()
        # The body goes as `extra_body` because the typed arguments are walked and copied.
        self.context = client.chat.completions.with_streaming_response.create(
            model=body["model"],
            messages=[],
            stream=True,
            extra_body=body,
            extra_headers={HEADER: identifier} if identifier else {},
        )
        try:
            with self.clock.until(self.deadline):
                response = await self.context.__aenter__()
        except TimeoutError as error:
            raise self.too_slow() from error
        except openai.APIStatusError:
            raise
        except (openai.APIError, httpx2.HTTPError) as error:
            raise too_large(error) or connection_failure() from error
        self.whole = "json" in response.headers.get("content-type", "")
        self.blocks = response.http_response.aiter_bytes()

    async def next_events(self) -> list[ModelEvent] | None:
        """What the next network read brought, maybe nothing; None after the end."""
        if self.over or self.blocks is None:
            return None
        block = await self.next_block(self.blocks)
        if block and not self.whole:
            return self.reader.feed(block)
        if block:
            self.reader.feed_whole(block)
            return []
        return self.ended()

    def ended(self) -> list[ModelEvent]:
        """The last events; an answer without any output may be asked for again."""
        try:
            events = self.reader.end(self.body)
        except ModelUnavailable as error:
            raise Transient(error) from error
        # A failure after the last words is raised when it is asked for more.
        self.over = self.reader.failure is None
        return events

    async def next_block(self, blocks: AsyncGenerator[bytes, None]) -> bytes:
        """The next piece received; empty at the end. Raises what a lost connection means."""
        import httpx2  # noqa: PLC0415 -- belongs to the client's library

        try:
            with self.clock.until(self.patience()):
                return await anext(blocks, b"")
        except TimeoutError as error:
            if self.reader.finished:
                return b""
            raise self.too_slow() from error
        except httpx2.HTTPError as error:
            if failure := too_large(error):
                raise failure from error
            if self.reader.finished:
                return b""
            if self.reader.started:
                raise ModelUnavailable("The model's server broke off the answer.") from error
            raise connection_failure() from error

    def patience(self) -> float:
        """Until when the next piece is awaited, on the loop's clock."""
        if self.reader.finished:
            # Only the counts are missing; some servers never close, and some never fall silent.
            self.tail_end = self.tail_end or self.clock.loop.time() + TAIL_SECONDS
            return self.tail_end
        if not self.reader.started:
            return self.deadline
        return self.clock.loop.time() + self.llm.idle_timeout

    def too_slow(self) -> ModelUnavailable:
        """Which of the clocks ran out, in a sentence."""
        if self.clock.is_over:
            return ModelUnavailable(
                f"The model's answer took longer than {self.llm.total_timeout:g} seconds."
            )
        if self.reader.started:
            return ModelUnavailable(
                f"The model said nothing for {self.llm.idle_timeout:g} seconds."
            )
        return ModelUnavailable(
            f"The model did not begin to answer within {self.llm.first_token_timeout:g} seconds."
        )

    async def close(self) -> None:
        """Close the request, whether its answer was read to the end or not."""
        self.over = True
        if self.blocks is not None:
            blocks, self.blocks = self.blocks, None
            await blocks.aclose()
        if self.context is not None:
            context, self.context = self.context, None
            await context.__aexit__(None, None, None)
