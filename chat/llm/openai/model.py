"""Models on a server that speaks OpenAI's chat completions: Ollama, vLLM, llama.cpp and others."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat.agent.exceptions import AgentError, ModelRefused, ModelUnavailable, ModelUnknown
from chat.agent.types import Notice
from chat.llm.openai.completion_request import CompletionRequest
from chat.llm.openai.concessions import (
    accepted_tools,
    find_concession,
    parts_complained_of,
    told_blindness,
    told_concession,
)
from chat.llm.openai.errors import Transient, refused_request, status_failure
from chat.llm.openai.offered_tools import OfferedTools
from chat.llm.openai.request_format import messages_json, tools_json
from chat.llm.openai.stream_reader import Habits, Question
from chat.llm.openai.timeouts import Clock
from youworker.core import tracing
from youworker.core.metrics.families import MODEL_REQUESTS
from youworker.upstream.errors import StatusError, pause

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chat.agent.types import ChatMessage, ModelEvent, ToolSchema
    from youworker.core.config.sections import RetryConfig
    from youworker.upstream.endpoint import Endpoint

logger = logging.getLogger(__name__)

NOT_FOUND = 404


@dataclass(frozen=True)
class OpenAICompatibleModel:
    """One model of one server.

    `refused` names what the server does not take for this model, such as `tools`; it is shared
    by all turns so that the refusal is paid once, and so is what is learned of its `habits`.
    """

    name: str
    endpoint: Endpoint
    retry: RetryConfig
    refused: set[str] = field(default_factory=set, compare=False)
    habits: Habits = field(default_factory=Habits, compare=False)
    # What is known of its window, in tokens; 0 = what its server is set to.
    window: int = 0

    @property
    def context_tokens(self) -> int:
        """How much it can read, in tokens."""
        return self.window or self.endpoint.sampling.context_tokens

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue the conversation. Closing the generator closes the request at once."""
        clock = Clock(self.endpoint.timeouts.total)
        request: CompletionRequest | None = None
        outcome = "failed"
        span = tracing.span("model request", endpoint=self.endpoint.name)
        try:
            with span.active():
                request, first = await self.begin(messages, tools, clock)
            for event in first:
                yield event
            while (events := await request.read_events()) is not None:
                for event in events:
                    yield event
            outcome = "succeeded"
        except Transient as error:
            raise error.failure from error
        except (GeneratorExit, asyncio.CancelledError):
            outcome = "stopped"
            raise
        finally:
            # Once for a turn, whatever its length.
            MODEL_REQUESTS.add(self.endpoint.name, outcome)
            span.note(outcome=outcome)
            span.end(error="" if outcome != "failed" else outcome)
            clock.stop()
            if request is not None:
                await request.close()

    async def begin(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSchema], clock: Clock
    ) -> tuple[CompletionRequest, list[ModelEvent]]:
        """Try until the first output arrives; only then is nothing lost by trying again."""
        attempt = 1
        while True:
            try:
                return await self.attempt(messages, tools, clock)
            except Transient as error:
                if attempt >= self.retry.attempts:
                    raise
                seconds = pause(self.retry, attempt, error.wait)
                # What the server says may quote the conversation; it is told in the run.
                logger.warning("Model %r failed; trying again in %.1f s.", self.name, seconds)
            if clock.loop.time() + seconds >= clock.end:
                raise ModelUnavailable("The model's server was busy for too long.")
            await asyncio.sleep(seconds)
            attempt += 1

    async def attempt(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSchema], clock: Clock
    ) -> tuple[CompletionRequest, list[ModelEvent]]:
        """Send the request and wait for the first output."""
        deadline = clock.loop.time() + self.endpoint.timeouts.first_token
        offered = OfferedTools(tools, messages)
        question = Question(offered, self.endpoint.key, self.habits)
        request = CompletionRequest(self.endpoint, clock, deadline, question)
        try:
            notices = await self.open(request, messages, tools)
            events = await self.read_first_events(request, tools)
        except BaseException:
            await request.close()
            raise
        if events is None:
            await request.close()
            return await self.attempt(messages, tools, clock)
        return request, [*notices, *events]

    async def read_first_events(
        self, request: CompletionRequest, tools: Sequence[ToolSchema]
    ) -> list[ModelEvent] | None:
        """Wait for the first output; None when the server refuses a part that was left in.

        Some begin an answer before they look at the request.
        """
        try:
            while not (events := await request.read_events()):
                if events is None:
                    return []
        except (ModelRefused, ModelUnavailable, Transient) as error:
            left = accepted_tools(tools, self.refused)
            complaint = parts_complained_of(str(error), request.body, left)
            parts = {part for part in complaint if self.may_concede(part)}
            if complaint and not parts:
                raise ModelRefused(str(error)) from error
            if not parts:
                raise
            self.refused.update(parts)
            return None
        return events

    async def open(
        self,
        request: CompletionRequest,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolSchema],
    ) -> list[ModelEvent]:
        """Send the request, leaving out what the server refuses; what the user has to know."""
        # Later turns of an answer go on as its first one did.
        must_tell = bool(messages) and messages[-1].role == "user"
        while True:
            left = accepted_tools(tools, self.refused)
            body = self.body(messages, left)
            try:
                await request.open(body)
            except StatusError as error:
                found = find_concession(error, body, left)
                parts = {part for part in found if self.may_concede(part)}
                if not parts:
                    # A complaint about the request comes again with it, whatever the status is.
                    raise (refused_request(error) if found else refusal(error)) from error
                logger.info("Model %r takes no %s; going on without.", self.name, sorted(parts))
                self.refused.update(parts)
                must_tell = True
            else:
                if not must_tell:
                    return []
                told = told_concession(tools, left), told_blindness(messages, self.refused)
                return [Notice(sentence) for sentence in told if sentence]

    def may_concede(self, part: str) -> bool:
        """Whether a part that the server refuses may be left out."""
        return True

    def body(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSchema]) -> dict[str, Any]:
        """The request as JSON."""
        body: dict[str, Any] = {
            "model": self.name,
            "messages": messages_json(messages, refused=self.refused),
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": self.endpoint.sampling.temperature,
            "max_tokens": self.endpoint.sampling.max_output_tokens,
        }
        if tools:
            body["tools"] = tools_json(tools)
        return {name: value for name, value in body.items() if name not in self.refused}


def refusal(error: StatusError) -> AgentError | Transient:
    """What an error status means, a model that the server does not have among it."""
    failure = status_failure(error)
    if error.status == NOT_FOUND and "model" in error.reason.lower():
        return ModelUnknown(failure.args[0])
    return failure
