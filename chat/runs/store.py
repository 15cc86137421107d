"""How a run stands in the database: saved, parked, ended; one transaction each."""

from __future__ import annotations

import copy
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from chat.agent.exceptions import AgentError, TimeLimitReached
from chat.agent.sentences import BROKEN_HERE, OUT_OF_TIME
from chat.branches import sibling_ids
from chat.enums import RunStatus
from chat.models import Citation, Message, Run, ToolRun
from chat.runs import statements
from chat.runs.citations import CitationIndex, unlink_unseen
from chat.runs.judging import Judgement, judge
from chat.runs.leases import LeaseLost
from chat.runs.queue import announce_queued, announce_room
from chat.runs.statements import answer_of
from chat.runs.tool_calls import calls_of, end_orphans
from quotas.enums import UsageKind
from quotas.services import milliseconds_since, record_usage
from youworker.core import request_context
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.leases import RELEASED
from youworker.core.metrics.families import FIRST_TOKEN_SECONDS
from youworker.core.storable import DEEPEST, storable_json

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from uuid import UUID

    from chat.managers import RunQuerySet

    # A run, the text of its answer and the reasoning.
    PartialText = tuple[Run, str, str]

logger = logging.getLogger(__name__)

INTERRUPTED_SENTENCE = gettext_noop("The server that wrote this answer was stopped.")
USAGE_FIGURES = ("model", "iterations", "tokens_in", "tokens_out")
# Of what is told in the log beside them.
TOLD = ("ttft_ms", "error_code")


class Outcome(NamedTuple):
    """How an answer ended; code and sentence are empty unless the user has to know something."""

    status: RunStatus
    code: str = ""
    detail: str = ""


INTERRUPTED = Outcome(RunStatus.INTERRUPTED, "interrupted", INTERRUPTED_SENTENCE)
UNSTORED = Outcome(
    RunStatus.FAILED,
    "answer_not_stored",
    gettext_noop("The answer was kept, but its sources could not be stored."),
)


class StoredEnd(NamedTuple):
    """What was stored with the end of a run; `calls` only if others than its process ended some.

    `siblings` are all answers to the same question.
    """

    citations: list[Citation]
    calls: list[ToolRun] | None
    siblings: Sequence[UUID]


def save_partials(texts: Sequence[PartialText]) -> set[UUID]:
    """Keep answers as far as they have come; those of their runs that are still held.

    Every answer is written so once a second, so it is one statement for many.
    """
    rows = [(run, answer_with(run, content, reasoning)) for run, content, reasoning in texts]
    return statements.save_texts(rows)


def write_text(run: Run, content: str, reasoning: str) -> None:
    """Write the answer as far as it has come; the caller has locked the run."""
    answer_with(run, content, reasoning).save_fields("content", "reasoning")


def answer_with(run: Run, content: str, reasoning: str) -> Message:
    """A copy of the answer with these texts.

    The thread goes on when its task is cancelled and the last text is written.
    """
    answer = copy.copy(answer_of(run))
    answer.content, answer.reasoning = content, reasoning
    return answer


def save_state(run: Run, state: dict[str, Any], **figures: Any) -> bool:
    """Keep what another process needs to go on; false when the run is not held any more."""
    held = Run.objects.active().held(run.lease_token).filter(pk=run.pk)
    return bool(held.update(state=sealed_state(run, state), updated_at=Now(), **figures))


def sealed_state(run: Run, state: dict[str, Any]) -> Any:
    """A state as the column takes it; what a model said in it may be what no column holds."""
    field: Any = Run._meta.get_field("state")
    return field.seal(storable_json(state, deepest=2 * DEEPEST), run)


@transaction.atomic
def park_run(
    run: Run, wanted: RunStatus, content: str, reasoning: str, **changes: Any
) -> RunStatus | None:
    """Give up a run that any process may take up later; how it stands now, None if it was lost.

    `STOPPED`: somebody asked to end it, so the caller still holds it and has to. A run that
    was to wait for decisions that were made meanwhile is queued.
    """
    held = Run.objects.active().held(run.lease_token).filter(pk=run.pk)
    locked = held.select_for_update(no_key=True).values_list("stop_requested_at", flat=True)
    stops = list(locked)
    if not stops or stops[0] is not None:
        return RunStatus.STOPPED if stops else None
    undecided = ToolRun.objects.undecided().filter(run=run)
    status = wanted if undecided.exists() else RunStatus.QUEUED
    write_text(run, content, reasoning)
    held.update(status=status, updated_at=Now(), **RELEASED, **changes)
    after_commit(announce_queued if status == RunStatus.QUEUED else announce_room)
    return status


def finish_run(
    run: Run, status: RunStatus, book: CitationIndex | None, **figures: Any
) -> StoredEnd | None:
    """Store the whole answer and end the run; None when somebody else ended it before.

    The answer cites what it has from `book`. Run and answer are then as they are stored. Asked
    again, because nobody heard the answer, it is still true.
    """
    answer = answer_of(run)
    judged = Judgement([], []) if book is None else judge(answer, answer.content, book)
    citations, answer.unsupported = judged.citations, judged.unsupported
    with transaction.atomic():
        found = unlink_unseen(citations, user=run.user)
        ended = statements.end_run(run, answer, status, figures)
        if ended is not None:
            Citation.objects.bulk_create(found)
            if ended.has_open_calls:
                end_orphans(run)
            record_run(run, status, **figures)
            after_commit(announce_room)
    if ended is None and not Run.objects.held(run.lease_token).filter(pk=run.pk).exists():
        return None
    knows_calls = ended is not None and not ended.has_open_calls
    siblings = sibling_ids(answer) if ended is None else ended.siblings
    return StoredEnd(citations, None if knows_calls else calls_of(run), siblings)


def cut_off(rows: RunQuerySet, run: Run, code: str, detail: str, **changes: Any) -> bool:
    """End a run, if it is one of the rows, with its answer as it is.

    The caller holds the transaction.
    """
    if not rows.finish(run.pk, error_code=code, **changes):
        return False
    run.error_detail = detail
    run.save(update_fields=["error_detail"])
    end_orphans(run)
    keep_tokens(run)
    record_run(run, changes["status"], error_code=code)
    after_commit(announce_room)
    return True


def keep_tokens(run: Run) -> None:
    """Write the tokens of the finished turns of a run that was cut off to its answer."""
    tokens = {"tokens_in": run.tokens_in, "tokens_out": run.tokens_out}
    if run.answer_id is not None and any(tokens.values()):
        Message.objects.filter(pk=run.answer_id).update(model=run.model, **tokens)


def record_run(run: Run, status: RunStatus, **figures: Any) -> None:
    """Write down what a run used that has just ended; figures of its row unless others are given.

    The caller holds the transaction.
    """
    used = {name: figures.get(name, getattr(run, name)) for name in USAGE_FIGURES}
    record_usage(
        UsageKind.RUN,
        run.user_id,
        key_id=run.api_key_id,
        # What no model answered to may be anything that somebody typed.
        name=used["model"] if used["iterations"] else "",
        outcome=status,
        tokens_in=used["tokens_in"],
        tokens_out=used["tokens_out"],
        duration_ms=milliseconds_since(run.started_at),
    )
    told = {name: figures.get(name, getattr(run, name)) for name in (*USAGE_FIGURES, *TOLD)}
    after_commit(partial(report_run, run, status, told, milliseconds_since(run.started_at)))


def report_run(run: Run, status: RunStatus, told: dict[str, Any], duration_ms: int | None) -> None:
    """Log an answer that ended, and count how long its first text took."""
    if told["ttft_ms"] is not None:
        FIRST_TOKEN_SECONDS.observe(told["ttft_ms"] / 1000)
    if not told["iterations"]:
        # What no model answered to may be anything that somebody typed.
        del told["model"]
    ids = {"run_id": run.pk, "session_id": run.session_id, "user_id": run.user_id}
    about = {name: str(value) for name, value in ids.items()}
    logger.info("run", extra={**about, "status": str(status), **told, "duration_ms": duration_ms})


@transaction.atomic
def fail_run(run_id: UUID, token: UUID, detail: str) -> bool:
    """End a run that broke down on our side, if it is still held by this token."""
    held = Run.objects.held(token).active()
    run = held.filter(pk=run_id).first()
    return run is not None and cut_off(held, run, "internal_error", detail, status=RunStatus.FAILED)


def outcome_of(speaking: asyncio.Task[Outcome]) -> Outcome:
    """How a finished or cancelled answer ended; raises `LeaseLost`."""
    if speaking.cancelled():
        return Outcome(RunStatus.STOPPED)
    error = speaking.exception()
    return speaking.result() if error is None else outcome_of_error(error)


def outcome_of_error(error: BaseException) -> Outcome:
    """What an answer ended with; raises `LeaseLost`."""
    if isinstance(error, LeaseLost):
        raise error
    if isinstance(error, TimeoutError):
        error = TimeLimitReached(OUT_OF_TIME.format(seconds=f"{config.agent.max_seconds:g}"))
    if isinstance(error, AgentError):
        return Outcome(RunStatus.FAILED, error.code, error.message)
    logger.error("an answer failed", exc_info=error)
    return Outcome(RunStatus.FAILED, "internal_error", internal_sentence())


def internal_sentence() -> str:
    """What the user is told about a mistake of ours."""
    return BROKEN_HERE.format(id=request_context.correlation_id())
