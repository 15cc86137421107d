"""Answers that broke off are gone on with, as another version that begins with their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from chat.enums import MessageRole, RunStatus
from chat.exceptions import AnswerComplete, RunActive
from chat.models import Run
from chat.runs import statements
from chat.runs.consent import is_tainted, mark_answer_tainted
from chat.runs.continuing import OPTION
from chat.services.questions import (
    AcceptedMessage,
    accept_run,
    find_accepted,
    ids_of,
    lease_seconds,
    lock_session,
    run_for,
)
from youworker.core.exceptions import InvalidInput
from youworker.core.idempotency import IdempotentWrite

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Message
    from chat.runs.leases import RunLease

BROKEN_OFF = (RunStatus.STOPPED, RunStatus.FAILED, RunStatus.INTERRUPTED)
CUT = "answer_cut"


@transaction.atomic
def continue_answer(
    message: Message,
    *,
    model: str = "",
    idempotency_key: str = "",
    lease: RunLease | None = None,
    actor: User,
) -> AcceptedMessage:
    """Begin, or queue, another version of an answer that goes on where this one broke off.

    While one is being made, that one is named again. Raises `RunActive`, `AnswerComplete`, and
    `QuotaExceeded`.
    """
    question = message.parent
    if message.role != MessageRole.ASSISTANT or question is None:
        raise InvalidInput("Only an answer can be continued.")
    body = {"continues": message.pk, "model": model}
    remembered = IdempotentWrite(idempotency_key, body, actor=actor)
    if remembered.answer is not None:
        return find_accepted(remembered.answer)
    question.session = lock_session(message.session_id, actor=actor)
    runs = Run.objects.filter(session=question.session)
    own = runs.filter(answer=message).first()
    require_broken_off(own)
    going_on = runs.active().filter(**{f"options__{OPTION}": str(message.pk)}).first()
    if going_on is not None:
        ids = (going_on.question_id, going_on.pk, going_on.session_id)
        return AcceptedMessage(*ids, going_on.status, is_new=False)
    name = model or (own.model if own else "")
    run = run_for(question, model=name, options={}, lease=lease, actor=actor)
    run.options[OPTION] = str(message.pk)
    statements.insert_run(run, seconds=lease_seconds(run))
    if own is not None and run.answer_id is not None and is_tainted(own):
        # Its model reads what the former one had read.
        mark_answer_tainted(run.answer_id)
    posted = accept_run(run)
    remembered.store_answer(ids_of(posted))
    return posted


def require_broken_off(run: Run | None) -> None:
    """Raise unless the run of an answer ended before its answer did."""
    if run is not None and run.is_active:
        raise RunActive("This answer is still being made.")
    if run is None or not is_broken_off(run):
        raise AnswerComplete("This answer is complete: there is nothing to continue.")


def is_broken_off(run: Run) -> bool:
    """Whether the answer of a run that is over may go on."""
    return run.status in BROKEN_OFF or run.error_code == CUT
