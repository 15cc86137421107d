"""Making one answer: the agent's events go to the log, the text to the database."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from chat.agent.loop import (
    Checkpoint,
    Remark,
    Retracted,
    Suspended,
    TurnStarted,
    run_agent,
)
from chat.agent.tokens import size_of, tokens_of_bytes
from chat.agent.tools import ToolEnded, ToolStarted, ToolWaiting
from chat.agent.types import Notice, ReasoningDelta, TextDelta, Usage
from chat.enums import RunStatus
from chat.llm import registry
from chat.reasons import notice_in
from chat.rendering import done_payload, rendered_citation
from chat.runs import store
from chat.runs.attachments import RunAttachments
from chat.runs.leases import LeaseLost, RunLease, write_to_database
from chat.runs.log.run_log import LogUnreadable
from chat.runs.log.writer import log_writer
from chat.runs.prompting import PromptMaker, begun_state
from chat.runs.reader_numbers import ReaderNumbers
from chat.runs.room import RunRoom
from chat.runs.saving import save_text, seconds_until_save
from chat.runs.speaker import count_spoken, speaker_for, tell_transcript
from chat.runs.statements import answer_of
from chat.runs.store import (
    INTERRUPTED,
    UNSTORED,
    Outcome,
    StoredEnd,
    outcome_of,
    outcome_of_error,
)
from chat.runs.titling import title_later
from chat.runs.toolset import RecordingToolset, tool_payload
from chat.standing import add_attachments
from youworker.core import request_context, tracing
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.per_loop import end_tasks, forget_outcome

if TYPE_CHECKING:
    from chat.agent.types import LanguageModel
    from chat.models import Run
    from chat.runs.citations import CitationIndex
    from chat.runs.inputs import RunInput
    from chat.runs.log.run_log import RunLog

logger = logging.getLogger(__name__)

MILLISECOND = timedelta(milliseconds=1)
# A run nobody takes is ended long before that.
LONGEST_WAIT_MS = 86_400_000
# What the columns for a model's name hold.
LONGEST_NAME = 200
# Between the cancellation of a run and the end of its process lie three seconds.
LAST_SECONDS = 2.5
# A document may be removed between being looked up and being cited; a second look misses it.
STORE_ATTEMPTS = 2
# So long a tool server may be told that nobody waits any more, and a request be closed.
CLOSING_SECONDS = 10.0
# Libraries lose a cancellation now and then; whoever loses that many loses all.
CANCEL_ATTEMPTS = 2

TOOL_EVENTS = {ToolWaiting, ToolStarted, ToolEnded}


async def execute_run(
    run_input: RunInput, lease: RunLease, stop: asyncio.Event
) -> dict[str, Any] | None:
    """Carry out one claimed run; its last event, unless it ends elsewhere or later.

    Whoever loses it writes nothing more.
    """
    run, last = run_input.run, None
    request_context.current.set(request_context.accept_correlation_id(run.correlation_id))
    ids = {"run_id": run.pk, "session_id": run.session_id, "user_id": run.user_id}
    with tracing.span("run", parent=tracing.take_cause(run.pk), **ids) as span:
        log = await log_writer().open(run.pk, is_new=run_input.is_new)
        log.may_write = lease.is_certain
        try:
            last = await RunExecutor(run_input, log, lease).execute(stop)
        except LeaseLost:
            logger.warning("run %s was ended while this process was silent", run.pk)
            log.abandon()
        finally:
            await log.close()
        span.note(outcome=str((last or {}).get("status", "")))
    return last


class RunExecutor:
    """One answer in the making."""

    def __init__(self, run_input: RunInput, log: RunLog, lease: RunLease) -> None:
        self.run_input, self.run, self.log, self.lease = run_input, run_input.run, log, lease
        self.answer = answer_of(self.run)
        self.state = run_input.state or begun_state(run_input)
        self.toolset = RecordingToolset(run_input, self.state)
        self.attachments = RunAttachments(run_input, self.toolset, log)
        self.toolset.tell = log.emit
        self.numbers = ReaderNumbers(self.toolset.book)
        self.speaker = speaker_for(self.run, log, run_input.language)
        self.stop = asyncio.Event()
        # What is said after that comes too late.
        self.is_over = False
        # How much text there was before the turn that goes on.
        self.length_before = len(self.state.text)
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
        self.model: LanguageModel | None = None
        # The last event, once the run was ended here.
        self.result: dict[str, Any] | None = None

    async def execute(self, stop: asyncio.Event) -> dict[str, Any] | None:
        """Speak until the end, a stop or an error, then store and tell how it went.

        The last event, unless the run was left to whoever takes it up later.

        Raises `LeaseLost` as soon as somebody else has ended the run.
        """
        self.stop = stop
        self.log.emit("run", {"status": RunStatus.RUNNING, "message_id": str(self.answer.pk)})
        if self.run_input.state is None:
            tell_transcript(self.run, self.log)
        self.repeat_lost_text()
        outcome = INTERRUPTED
        try:
            outcome = await self.run_until(stop)
            await self.end(outcome)
        except asyncio.CancelledError:
            # The process ends in order: there is time to keep everything that was said.
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self.end(outcome)
            raise
        finally:
            # However it ends, nobody speaks afterwards.
            await self.end_speech(is_whole=False)
        return self.result

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
            # Nothing was shown that cannot be gone on from.
            await self.park(RunStatus.QUEUED)
        else:
            await self.finish(outcome)

    async def suspend(self) -> None:
        """Tell that the run waits for a decision, and give it up with all it needs to go on."""
        await self.end_speech(is_whole=True)
        self.log.emit("run", {"status": RunStatus.WAITING_APPROVAL})
        # Whoever takes the run up continues after what is in the log.
        await self.log.flush()
        self.count_untold()
        state = store.sealed_state(self.run, self.snapshot())
        await self.park(RunStatus.WAITING_APPROVAL, state=state, **self.progress())

    async def park(self, wanted: RunStatus, **changes: Any) -> None:
        """Give up the run; raises `LeaseLost` when somebody else ended it before."""
        text, reasoning = "".join(self.text), "".join(self.reasoning)
        status = await write_to_database(
            self.lease, store.park_run, self.run, wanted, text, reasoning, **changes
        )
        if status == RunStatus.STOPPED:
            await self.finish(Outcome(RunStatus.STOPPED))
        elif status is None:
            self.lease.give_up()
        else:
            self.log.abandon()

    async def run_until(self, stop: asyncio.Event) -> Outcome:
        """Let the agent talk to its end, a stop or the loss of the lease; how it ended."""
        speaking: asyncio.Task[Outcome] = asyncio.create_task(self.run_model())
        waits = [asyncio.create_task(event.wait()) for event in (stop, self.lease.lost)]
        saver = asyncio.create_task(self.save_regularly())
        # The agent has this clock as well, but may wait for something that no clock ends.
        longest = config.agent.max_seconds + CLOSING_SECONDS
        try:
            ended, _ = await asyncio.wait(
                {speaking, *waits}, timeout=longest, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await end_parts(*waits, saver, speaking)
            self.is_over = True
        self.lease.require()
        if not ended:
            return outcome_of_error(TimeoutError())
        return outcome_of(speaking) if speaking.done() else Outcome(RunStatus.STOPPED)

    async def run_model(self) -> Outcome:
        """Let the agent talk; pieces go to the log as they come. How the run stands then."""
        outcome = Outcome(RunStatus.SUCCEEDED)
        async with asyncio.timeout(config.agent.max_seconds):
            await registry.wait_for_loading(self.run.model or None)
            model = await registry.resolve_model(self.run.model or None)
            self.model, self.model_name = model, model.name
            await RunRoom(self.run, self.lease, self.log).settle(model)
            prompts = PromptMaker(self.run_input, self.state, self.toolset, model, self.log)
            prompts.offer_tools()
            prompts.model = model = await self.attachments.prepare_model(model)
            self.state.messages = self.state.messages or await prompts.make()
            self.prompt_bytes = sum(
                size_of(message.content) + size_of(message.attached)
                for message in self.state.messages
            )
            agent = run_agent(self.state, model, self.toolset, prompts.limits())
            async with aclosing(agent) as events:
                async for event in events:
                    if self.is_over:
                        break
                    self.handle_event(event)
                    if type(event) is Checkpoint:
                        self.show(self.numbers.finish())
                        await self.store_state()
                    elif type(event) is Remark:
                        outcome = Outcome(RunStatus.SUCCEEDED, event.code, event.sentence)
                    elif type(event) is Suspended:
                        return Outcome(RunStatus.WAITING_APPROVAL)
        return outcome

    def handle_event(self, event: Any) -> None:
        """Record one event of the agent; called for every token."""
        kind = type(event)
        if kind is TextDelta:
            self.uncounted_bytes += size_of(event.text)
            self.show(self.numbers.feed(event.text))
        elif kind is ReasoningDelta:
            self.uncounted_bytes += size_of(event.text)
            self.reasoning.append(event.text)
            self.log.reasoning(event.text)
        elif kind is Usage:
            self.uncounted_bytes = 0
            self.unread_bytes = 0
        elif kind is TurnStarted:
            self.unread_bytes = self.prompt_bytes
            self.begin_turn()
        elif kind is Notice:
            text = notice_in(self.run_input.language, event.text)
            self.log.emit("log", {"level": "warning", "message": text})
        elif kind in TOOL_EVENTS:
            self.log.emit("tool", tool_payload(event))
        elif kind is Retracted:
            self.take_back()

    def begin_turn(self) -> None:
        """Go on after the text of the turns before."""
        text = "".join(self.text)
        self.length_before = len(text)
        self.numbers.begin_turn(text)

    def show(self, text: str) -> None:
        """Add to the answer what its readers see; called for every token."""
        if text:
            if not self.text:
                self.first_token()
            self.text.append(text)
            self.log.text(text)
            if self.speaker is not None:
                self.speaker.feed(text)

    def take_back(self) -> None:
        """Turn the text of this turn into reasoning, for those who watch as well."""
        text, held = "".join(self.text), self.numbers.take_back()
        kept, taken = text[: self.length_before], text[self.length_before :]
        self.text = [kept] if kept else []
        self.reasoning.append(taken + held)
        if self.speaker is not None:
            self.speaker.take_back()
        if taken:
            self.log.take_back(taken)
        if held:
            self.log.reasoning(held)
        self.begin_turn()

    def first_token(self) -> None:
        """Note how long the user waited, in milliseconds since the question was accepted."""
        # Of an answer that was taken up nobody knows how much of the time was a user's decision.
        if self.run_input.state is None:
            self.ttft_ms = self.waited_ms + int((time.monotonic() - self.began) * 1000)

    def lengths(self) -> tuple[int, int]:
        """How many characters of text and of reasoning were said."""
        return sum(map(len, self.text)), sum(map(len, self.reasoning))

    async def store_state(self) -> None:
        """Keep what another process needs to go on from here; raises `LeaseLost`."""
        self.count_untold()
        lengths, state = self.lengths(), self.snapshot()
        stored = await write_to_database(
            self.lease, store.save_state, self.run, state, **self.progress()
        )
        if not stored:
            self.lease.give_up()
        self.stored = lengths

    def snapshot(self) -> dict[str, Any]:
        """The state as it is stored."""
        book = self.toolset.book
        self.state.citations = book.to_json()
        self.state.numbers = list(book.numbers.items())
        # What was rewritten for readers, or taken back, is longer or shorter than the model's.
        self.state.text, self.state.reasoning = "".join(self.text), "".join(self.reasoning)
        return self.state.to_json()

    def count_untold(self) -> None:
        """Count a turn whose model told no figures, or broke off, by its length."""
        self.state.tokens_in += tokens_of_bytes(self.unread_bytes)
        self.state.tokens_out += tokens_of_bytes(self.uncounted_bytes)
        self.unread_bytes = self.uncounted_bytes = 0

    def progress(self) -> dict[str, Any]:
        """The figures of the run so far."""
        return {
            "model": self.spoken_by()[:LONGEST_NAME],
            "iterations": self.state.turn,
            "tokens_in": self.state.tokens_in,
            "tokens_out": self.state.tokens_out,
            "ttft_ms": self.ttft_ms,
        }

    def spoken_by(self) -> str:
        """The model that answers, which may be another one than the run began with."""
        if self.model_name and self.model is not None:
            return self.model.name
        return self.model_name or self.run.model

    async def save_regularly(self) -> None:
        """Keep the text so far, so that a crash loses less than a second of it."""
        saved, clock = 0, asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(seconds_until_save(clock()))
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
        if not await save_text(self.lease, self.run, content, reasoning):
            self.lease.give_up()

    async def finish(self, outcome: Outcome) -> None:
        """Store the answer and its citations, end the run, and say so; raises `LeaseLost`."""
        self.show(self.numbers.finish())
        await self.end_speech(is_whole=outcome.status == RunStatus.SUCCEEDED)
        outcome, stored = await self.store(outcome)
        # From here on nothing waits, so that the end is told once even if this is cancelled.
        for citation in stored.citations:
            self.log.emit("citation", rendered_citation(citation))
        if outcome.code:
            level = "warning" if outcome.status == RunStatus.SUCCEEDED else "error"
            about = {"level": level, "message": outcome.detail, "code": outcome.code}
            self.log.emit("log", about)
        self.log.emit("run", {"status": outcome.status})
        calls = self.toolset.rows.values() if stored.calls is None else stored.calls
        known = {"citations": stored.citations, "siblings": stored.siblings}
        self.result = done_payload(self.run, tool_runs=calls, **known)
        self.log.emit("done", self.result)
        title_later(self.run, self.result)

    async def end_speech(self, *, is_whole: bool) -> None:
        """Let the rest of an answer be spoken, if it is one; nothing is afterwards."""
        if self.speaker is None:
            return
        if is_whole:
            await self.speaker.finish(self.stop)
        else:
            await self.speaker.close()
        await count_spoken(self.speaker, self.run)

    async def store(self, outcome: Outcome) -> tuple[Outcome, StoredEnd]:
        """Store everything, or at least the text; how the run ended, and what it cites."""
        failure: Exception | None = None
        for _ in range(STORE_ATTEMPTS):
            try:
                return outcome, await self.end_run(outcome, self.toolset.book)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001 -- the text is kept, whatever it was
                failure = error
        logger.error("the answer of run %s cannot be stored whole", self.run.pk, exc_info=failure)
        # It is the model's own, and may be what cannot be stored.
        self.model_name = ""
        return UNSTORED, await self.end_run(UNSTORED, None)

    async def end_run(self, outcome: Outcome, book: CitationIndex | None) -> StoredEnd:
        """End the run in the database with what it cites; raises `LeaseLost`."""
        # Copies: what a thread that outlived its task still does changes nothing here.
        run, answer = copy.copy(self.run), copy.copy(self.answer)
        run.answer = answer
        # They are shown with the end, after which nothing waits for the database.
        answer.has_attachments = book is not None and self.toolset.files.were_kept
        if answer.has_attachments:
            await run_in_thread(add_attachments, [answer])
        answer.content, answer.reasoning = "".join(self.text), "".join(self.reasoning)
        figures = self.usage_totals(outcome)
        stored = await write_to_database(
            self.lease, store.finish_run, run, outcome.status, book, **figures
        )
        if stored is None:
            self.lease.give_up()
        self.run, self.answer = run, answer
        return stored

    def usage_totals(self, outcome: Outcome) -> dict[str, Any]:
        """What is stored about the run beside its text."""
        self.count_untold()
        return {**self.progress(), "error_code": outcome.code, "error_detail": outcome.detail}


def waited_ms(run: Run) -> int:
    """How long a claimed run waited for this process; what no run waits means a clock was set."""
    waited = (timezone.now() - run.created_at) / MILLISECOND
    return min(max(int(waited), 0), LONGEST_WAIT_MS)


async def end_parts(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; what does not end at all is left behind, and logged."""
    have_ended = await end_tasks(tasks, seconds=CLOSING_SECONDS, attempts=CANCEL_ATTEMPTS)
    for task in tasks:
        forget_outcome(task)
    if not have_ended:
        logger.error("an answer is ended although something in it does not end")
