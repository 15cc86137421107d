"""Making one answer: the agent's events go to the log, the text to the database."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from chat.agent.loop import AgentLimits, Checkpoint, Suspended, TurnStarted, run_agent
from chat.agent.prompt import system_prompt, tokens_of_schemas, trimmed
from chat.agent.state import AgentState
from chat.agent.tokens import estimated_tokens, size_of, tokens_of_bytes
from chat.agent.tools import ToolEnded, ToolEvent, ToolStarted, ToolWaiting
from chat.agent.types import ChatMessage, LanguageModel, ReasoningDelta, TextDelta, Usage
from chat.enums import RunStatus
from chat.events import LogUnreadable
from chat.llm import registry
from chat.models import Run
from chat.rendering import done_payload, rendered_citation
from chat.runs import records
from chat.runs.eventlog import RunLog, log_writer
from chat.runs.leases import LeaseLost, RunLease, persist
from chat.runs.outcomes import INTERRUPTED, UNSTORED, Outcome, outcome_of
from chat.runs.passages import citations_of
from chat.runs.toolset import RecordingToolset
from youworker.common import correlation
from youworker.common.config import config

if TYPE_CHECKING:
    from uuid import UUID

    from chat.models import Citation
    from chat.runs.records import Job

logger = logging.getLogger(__name__)

# Of a window, this share is left to the answer and to what the estimate gets wrong.
PROMPT_SHARE = 0.9
MILLISECOND = timedelta(milliseconds=1)
# A run nobody takes is ended long before that.
LONGEST_WAIT_MS = 86_400_000
# What the columns for a model's name hold.
LONGEST_NAME = 200
# Between the cancellation of a run and the end of its process lie three seconds.
LAST_SECONDS = 2.5
# A document may be removed between being looked up and being cited; a second look misses it.
STORE_ATTEMPTS = 2


TOOL_EVENTS = {ToolWaiting, ToolStarted, ToolEnded}


async def make_answer(job: Job, lease: RunLease, stop: asyncio.Event) -> None:
    """Carry out one claimed run to its end; whoever loses it writes nothing more."""
    correlation.current.set(correlation.accepted(job.run.correlation_id))
    log = await log_writer().open(job.run.pk)
    log.may_write = lease.is_certain
    try:
        await Maker(job, log, lease).make(stop)
    except LeaseLost:
        logger.warning("run %s was ended while this process was silent", job.run.pk)
        log.abandon()
    finally:
        await log.close()


class Maker:
    """One answer in the making."""

    def __init__(self, job: Job, log: RunLog, lease: RunLease) -> None:
        self.job, self.run, self.log, self.lease = job, job.run, log, lease
        self.answer = records.answer_of(self.run)
        self.state = job.state or AgentState([])
        self.toolset = RecordingToolset(self.run, job.tools, job.context, self.state)
        self.text = [self.state.text] if self.state.text else []
        self.reasoning = [self.state.reasoning] if self.state.reasoning else []
        # What is stored of the state: more text than that cannot be gone on from.
        self.stored = self.lengths()
        # What the model read and said since it last told how many tokens that was.
        self.unread_bytes = self.uncounted_bytes = 0
        self.prompt_bytes = 0
        self.waited_ms = waited_ms(self.run)
        self.began = time.monotonic()
        self.ttft_ms: int | None = self.run.ttft_ms
        self.model_name = ""

    async def make(self, stop: asyncio.Event) -> None:
        """Speak until the end, a stop or an error, then store and tell how it went.

        Raises `LeaseLost` as soon as somebody else has ended the run.
        """
        self.log.emit("run", {"status": RunStatus.RUNNING, "message_id": str(self.answer.pk)})
        self.repeat_lost_text()
        outcome = INTERRUPTED
        try:
            outcome = await self.speak_until(stop)
            await self.end(outcome)
        except asyncio.CancelledError:
            # The process ends in order: there is time to keep everything that was said.
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self.end(outcome)
            raise

    def repeat_lost_text(self) -> None:
        """Say again what a process before this one said and Redis does not have."""
        with suppress(LogUnreadable):
            missing = self.state.text[len(self.log.said()) :] if self.state.text else ""
            if missing:
                self.log.text(missing)

    async def end(self, outcome: Outcome) -> None:
        """Finish the run, or leave it to whoever takes it up later."""
        if outcome.status == RunStatus.WAITING_APPROVAL:
            await self.suspend()
        elif outcome is INTERRUPTED and self.stored == self.lengths():
            await self.requeue()
        else:
            await self.finish(outcome)

    async def suspend(self) -> None:
        """Tell that the run waits for a decision, and give it up with all it needs to go on."""
        self.log.emit("run", {"status": RunStatus.WAITING_APPROVAL})
        # Whoever takes the run up continues after what is in the log.
        await self.log.flush()
        self.count_untold()
        state = records.sealed_state(self.run, self.snapshot())
        await self.park(RunStatus.WAITING_APPROVAL, state=state, **self.progress())

    async def requeue(self) -> None:
        """Give up a run of which nothing was shown that cannot be gone on from."""
        await self.park(RunStatus.QUEUED)

    async def park(self, wanted: RunStatus, **changes: Any) -> None:
        """Give up the run; raises `LeaseLost` when somebody else ended it before."""
        text, reasoning = "".join(self.text), "".join(self.reasoning)
        status = await persist(
            self.lease, records.park_run, self.run, wanted, text, reasoning, **changes
        )
        if status == RunStatus.STOPPED:
            await self.finish(Outcome(RunStatus.STOPPED))
        elif status is None:
            self.lease.lose()
            self.lease.require()
        else:
            self.log.abandon()

    async def speak_until(self, stop: asyncio.Event) -> Outcome:
        """Let the agent talk to its end, a stop or the loss of the lease; how it ended."""
        speaking: asyncio.Task[RunStatus] = asyncio.create_task(self.speak())
        waits = [asyncio.create_task(event.wait()) for event in (stop, self.lease.lost)]
        saver = asyncio.create_task(self.save_regularly())
        try:
            await asyncio.wait({speaking, *waits}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            others = [*waits, saver, speaking]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        self.lease.require()
        return outcome_of(speaking)

    async def speak(self) -> RunStatus:
        """Let the agent talk; pieces go to the log as they come. How the run stands then."""
        async with asyncio.timeout(config.agent.max_seconds):
            model = await registry.resolve(self.run.model or None)
            self.model_name = model.name
            self.state.messages = self.state.messages or self.prompt(model)
            self.prompt_bytes = sum(size_of(message.content) for message in self.state.messages)
            limits = AgentLimits(config.agent.max_iterations, config.agent.max_answer_chars)
            agent = run_agent(self.state, model, self.toolset, limits)
            async with aclosing(agent) as events:
                async for event in events:
                    self.take(event)
                    if type(event) is Checkpoint:
                        await self.store_state()
                    elif type(event) is Suspended:
                        return RunStatus.WAITING_APPROVAL
        return RunStatus.SUCCEEDED

    def take(self, event: Any) -> None:
        """Record one event of the agent; called for every token."""
        kind = type(event)
        if kind is TextDelta:
            if not self.text:
                self.first_token()
            self.uncounted_bytes += size_of(event.text)
            self.text.append(event.text)
            self.log.text(event.text)
        elif kind is ReasoningDelta:
            self.uncounted_bytes += size_of(event.text)
            self.reasoning.append(event.text)
            self.log.reasoning(event.text)
        elif kind is Usage:
            self.uncounted_bytes = 0
            self.unread_bytes = 0
        elif kind is TurnStarted:
            self.unread_bytes = self.prompt_bytes
        elif kind in TOOL_EVENTS:
            self.log.emit("tool", tool_payload(event))

    def first_token(self) -> None:
        """Note how long the user waited, in milliseconds since the question was accepted."""
        # Of an answer that was taken up nobody knows how much of the time was a user's decision.
        if self.job.state is None:
            self.ttft_ms = self.waited_ms + int((time.monotonic() - self.began) * 1000)

    def lengths(self) -> tuple[int, int]:
        """How many characters of text and of reasoning were said."""
        return sum(map(len, self.text)), sum(map(len, self.reasoning))

    async def store_state(self) -> None:
        """Keep what another process needs to go on from here; raises `LeaseLost`."""
        self.count_untold()
        lengths, state = self.lengths(), self.snapshot()
        stored = await persist(self.lease, records.save_state, self.run, state, **self.progress())
        if not stored:
            self.lease.lose()
            self.lease.require()
        self.stored = lengths

    def snapshot(self) -> dict[str, Any]:
        """The state as it is stored."""
        self.state.citations = self.toolset.book.to_json()
        return self.state.to_json()

    def count_untold(self) -> None:
        """Count a turn whose model told no figures, or broke off, by its length."""
        self.state.tokens_in += tokens_of_bytes(self.unread_bytes)
        self.state.tokens_out += tokens_of_bytes(self.uncounted_bytes)
        self.unread_bytes = self.uncounted_bytes = 0

    def progress(self) -> dict[str, Any]:
        """The figures of the run so far."""
        return {
            "model": (self.model_name or self.run.model)[:LONGEST_NAME],
            "iterations": self.state.turn,
            "tokens_in": self.state.tokens_in,
            "tokens_out": self.state.tokens_out,
            "ttft_ms": self.ttft_ms,
        }

    def prompt(self, model: LanguageModel) -> list[ChatMessage]:
        """System prompt and as much of the conversation as the window holds."""
        system = system_prompt(self.job.language, self.job.now)
        window = int(model.context_tokens * PROMPT_SHARE)
        taken = tokens_of_schemas(self.toolset.schemas) + estimated_tokens(system.content)
        reserve = min(config.llm.max_output_tokens, window // 2)
        budget = max(window - taken - reserve, window // 4)
        return [system, *trimmed(self.job.history_newest_first, budget=budget)]

    async def save_regularly(self) -> None:
        """Keep the text so far, so that a crash loses less than a second of it."""
        saved = 0
        while True:
            await asyncio.sleep(config.agent.save_seconds)
            if len(self.text) + len(self.reasoning) == saved:
                continue
            written = len(self.text) + len(self.reasoning)
            try:
                await self.save("".join(self.text), "".join(self.reasoning))
            except LeaseLost:
                return
            except Exception:
                logger.exception("the partial answer could not be saved")
            saved = written

    async def save(self, content: str, reasoning: str) -> None:
        """Keep a text that goes on; raises `LeaseLost`."""
        if not await persist(self.lease, records.save_partial, self.run, content, reasoning):
            self.lease.lose()
            self.lease.require()

    async def finish(self, outcome: Outcome) -> None:
        """Store the answer and its citations, end the run, and say so; raises `LeaseLost`."""
        outcome, citations = await self.store(outcome)
        payload = await persist(self.lease, final_payload, self.run.pk)
        # From here on nothing waits, so that the end is told once even if this is cancelled.
        for citation in citations:
            self.log.emit("citation", rendered_citation(citation))
        if outcome.code:
            about = {"level": "error", "message": outcome.detail, "code": outcome.code}
            self.log.emit("log", about)
        self.log.emit("run", {"status": outcome.status})
        self.log.emit("done", payload)

    async def store(self, outcome: Outcome) -> tuple[Outcome, list[Citation]]:
        """Store everything, or at least the text; how the run ended, and what it cites."""
        self.answer.content, self.answer.reasoning = "".join(self.text), "".join(self.reasoning)
        failure: Exception | None = None
        for _ in range(STORE_ATTEMPTS):
            try:
                return outcome, await self.store_with_citations(outcome)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001 -- the text is kept, whatever it was
                failure = error
        logger.error("the answer of run %s cannot be stored whole", self.run.pk, exc_info=failure)
        # It is the model's own, and may be what cannot be stored.
        self.model_name = ""
        await self.end_run(UNSTORED, [])
        return UNSTORED, []

    async def store_with_citations(self, outcome: Outcome) -> list[Citation]:
        """Find the citations of the answer, and store both."""
        book, content = self.toolset.book, self.answer.content
        citations = await persist(self.lease, citations_of, self.answer, content, book)
        await self.end_run(outcome, citations)
        return citations

    async def end_run(self, outcome: Outcome, citations: list[Citation]) -> None:
        """End the run in the database; raises `LeaseLost` when somebody else did before."""
        figures = self.figures(outcome)
        status = outcome.status
        stored = await persist(
            self.lease, records.finish_run, self.run, self.answer, status, citations, **figures
        )
        if not stored:
            self.lease.lose()
        self.lease.require()

    def figures(self, outcome: Outcome) -> dict[str, Any]:
        """What is stored about the run beside its text."""
        self.count_untold()
        return {**self.progress(), "error_code": outcome.code, "error_detail": outcome.detail}


def tool_payload(event: ToolEvent) -> dict[str, Any]:
    """What viewers are told about a call."""
    about = {"tool_run_id": str(event.id), "tool": event.tool}
    if isinstance(event, ToolEnded):
        output = event.output
        status = "error" if output.is_error else "end"
        figures = {"latency_ms": output.latency_ms, "result_preview": output.preview}
        return {**about, "status": status, **figures}
    status = "approval" if isinstance(event, ToolWaiting) else "start"
    return {**about, "status": status, "args": event.arguments}


def waited_ms(run: Run) -> int:
    """How long a claimed run waited for this process; what no run waits means a clock was set."""
    waited = (timezone.now() - run.created_at) / MILLISECOND
    return min(max(int(waited), 0), LONGEST_WAIT_MS)


def final_payload(run_id: UUID) -> dict[str, Any]:
    """The payload of the last event, as the database has it; raises `LeaseLost` without a row."""
    run = Run.objects.select_related("answer").filter(pk=run_id).first()
    if run is None:
        raise LeaseLost
    return done_payload(run)
