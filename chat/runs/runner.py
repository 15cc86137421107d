"""Making one answer: the agent's events go to the log, the text to the database."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from chat.agent.errors import AgentError, LimitReached
from chat.agent.loop import TurnStarted, run_agent
from chat.agent.prompt import system_prompt, tokens_of_schemas, trimmed
from chat.agent.types import ChatMessage, LanguageModel, ReasoningDelta, TextDelta, Usage
from chat.enums import RunStatus
from chat.llm import registry
from chat.models import Run
from chat.rendering import done_payload, rendered_citation
from chat.runs import records
from chat.runs.eventlog import RunLog, log_writer
from chat.runs.passages import citations_of
from chat.runs.toolset import RecordingToolset
from youworker.common import correlation
from youworker.common.config import config
from youworker.common.db import in_thread

if TYPE_CHECKING:
    from uuid import UUID

    from chat.models import Citation, Message
    from chat.runs.records import Job

logger = logging.getLogger(__name__)

# Of a window, this share is left to the answer and to what the estimate gets wrong.
PROMPT_SHARE = 0.9
CHARACTERS_PER_TOKEN = 4
INTERRUPTED_SENTENCE = "The server that wrote this answer was stopped."


async def make_answer(run_id: UUID, stop: asyncio.Event) -> None:
    """Carry out one queued run to its end; nothing to do when somebody else has it."""
    job = await in_thread(records.claim_job, run_id)
    if job is None:
        return
    correlation.current.set(correlation.accepted(job.run.correlation_id))
    log = await log_writer().open(run_id)
    try:
        await Maker(job, log).make(stop)
    finally:
        await log.close()


class Maker:
    """One answer in the making."""

    def __init__(self, job: Job, log: RunLog) -> None:
        self.job, self.run, self.log = job, job.run, log
        if self.run.answer is None:
            raise ValueError(f"run {self.run.pk} has no answer to write")
        self.answer: Message = self.run.answer
        self.toolset = RecordingToolset(self.run, job.tools, job.context, log)
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.tokens_in = self.tokens_out = self.turns = 0
        # What the model read and said since it last told how many tokens that was.
        self.unread_chars = self.uncounted_chars = 0
        self.prompt_chars = 0
        self.ttft_ms: int | None = None
        self.model_name = ""

    async def make(self, stop: asyncio.Event) -> None:
        """Speak until the end, a stop or an error, then store and tell how it went."""
        self.log.emit("run", {"status": RunStatus.RUNNING, "message_id": str(self.answer.pk)})
        saver = asyncio.create_task(self.save_regularly())
        speaking = asyncio.create_task(self.speak())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({speaking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # The process ends in order: there is time to keep everything that was said.
            speaking.cancel()
            await self.finish(RunStatus.INTERRUPTED, "interrupted", INTERRUPTED_SENTENCE)
            raise
        finally:
            for task in (stopping, saver, speaking):
                task.cancel()
            await asyncio.gather(stopping, saver, speaking, return_exceptions=True)
        await self.finish(*outcome_of(speaking))

    async def speak(self) -> None:
        """Let the agent talk; pieces go to the log as they come."""
        async with asyncio.timeout(config.agent.max_seconds):
            model = await registry.resolve(self.run.model or None)
            self.model_name = model.name
            messages = self.prompt(model)
            self.prompt_chars = sum(len(message.content) for message in messages)
            limit = config.agent.max_iterations
            agent = run_agent(model, messages, self.toolset, max_turns=limit)
            async with aclosing(agent) as events:
                async for event in events:
                    self.take(event)

    def take(self, event: Any) -> None:
        """Record one event of the agent; called for every token."""
        kind = type(event)
        if kind is TextDelta:
            if not self.text:
                self.first_token()
            self.uncounted_chars += len(event.text)
            self.text.append(event.text)
            self.log.text(event.text)
        elif kind is ReasoningDelta:
            self.uncounted_chars += len(event.text)
            self.reasoning.append(event.text)
            self.log.reasoning(event.text)
        elif kind is Usage:
            self.tokens_in += event.tokens_in
            self.tokens_out += event.tokens_out
            self.uncounted_chars = 0
            self.unread_chars = 0
        elif kind is TurnStarted:
            self.turns = event.number
            self.unread_chars = self.prompt_chars
            if self.text:
                # What the model says before and after its tools are two paragraphs.
                self.text.append("\n\n")
                self.log.text("\n\n")

    def first_token(self) -> None:
        """Note how long the user waited, in milliseconds since the question was accepted."""
        self.ttft_ms = int((timezone.now() - self.run.created_at) / timedelta(milliseconds=1))

    def prompt(self, model: LanguageModel) -> list[ChatMessage]:
        """System prompt and as much of the conversation as the window holds."""
        system = system_prompt(self.job.language, self.job.now)
        window = int(model.context_tokens * PROMPT_SHARE)
        taken = tokens_of_schemas(self.toolset.schemas) + len(system.content) // 3
        reserve = min(config.llm.max_output_tokens, window // 2)
        budget = max(window - taken - reserve, window // 4)
        return [system, *trimmed(self.job.history_newest_first, budget=budget)]

    async def save_regularly(self) -> None:
        """Keep the text so far, so that a crash loses less than a second of it."""
        saved = 0
        while True:
            await asyncio.sleep(config.agent.save_seconds)
            if len(self.text) + len(self.reasoning) != saved:
                saved = len(self.text) + len(self.reasoning)
                content, reasoning = "".join(self.text), "".join(self.reasoning)
                try:
                    await in_thread(records.save_partial, self.answer, content, reasoning)
                except Exception:
                    logger.exception("the partial answer could not be saved")

    async def finish(self, status: RunStatus, code: str, detail: str) -> None:
        """Store the answer and its citations, end the run, and say so."""
        content = "".join(self.text)
        self.answer.content, self.answer.reasoning = content, "".join(self.reasoning)
        citations = await in_thread(citations_of, self.answer, content, self.toolset.book)
        ended = await in_thread(
            records.finish_run,
            self.run,
            self.answer,
            status,
            citations,
            **self.figures(code, detail),
        )
        self.announce(status, code, detail, citations if ended else [])
        fresh = await in_thread(final_payload, self.run.pk)
        self.log.emit("done", fresh)

    def figures(self, code: str, detail: str) -> dict[str, Any]:
        """What is stored about the run beside its text.

        A model that was stopped, or never tells, is counted by its characters.
        """
        self.tokens_in += self.unread_chars // CHARACTERS_PER_TOKEN
        self.tokens_out += self.uncounted_chars // CHARACTERS_PER_TOKEN
        return {
            "model": self.model_name or self.run.model,
            "iterations": self.turns,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "ttft_ms": self.ttft_ms,
            "error_code": code,
            "error_detail": detail,
        }

    def announce(
        self, status: RunStatus, code: str, detail: str, citations: list[Citation]
    ) -> None:
        """Tell viewers about citations, and about trouble."""
        for citation in citations:
            self.log.emit("citation", rendered_citation(citation))
        if code:
            self.log.emit("log", {"level": "error", "message": detail, "code": code})
        self.log.emit("run", {"status": status})


def final_payload(run_id: UUID) -> dict[str, Any]:
    """The payload of the last event, as the database has it."""
    return done_payload(Run.objects.select_related("answer").get(pk=run_id))


def outcome_of(speaking: asyncio.Task[None]) -> tuple[RunStatus, str, str]:
    """Status, error code and sentence of a finished or cancelled answer."""
    if speaking.cancelled():
        return RunStatus.STOPPED, "", ""
    error = speaking.exception()
    if error is None:
        return RunStatus.SUCCEEDED, "", ""
    if isinstance(error, TimeoutError):
        error = LimitReached(f"The answer was ended after {config.agent.max_seconds:g} s.")
    if isinstance(error, AgentError):
        return RunStatus.FAILED, error.code, error.message
    logger.error("an answer failed", exc_info=error)
    reference = correlation.correlation_id()
    return RunStatus.FAILED, "internal_error", f"Something went wrong on our side ({reference})."
