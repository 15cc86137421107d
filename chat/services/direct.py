"""Models that are asked without the agent: whether they may be, and what they used."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.models import ApiKey
from chat.direct_calls import count_calls
from chat.enums import CallKind
from chat.exceptions import ModelBusy
from chat.llm.admission import give_room, take_batch_room, take_room
from chat.quotas import ONE_MORE, TOKENS, enforce_run_quota
from quotas.enums import UsageKind
from quotas.policies import enforce_quota, find_limits, lock_limits
from quotas.services import record_usage
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from chat.agent.types import Usage
    from chat.direct_calls import DirectCall

# Answers take seconds, so one of those in the making may have ended by then.
BUSY_SECONDS = 5
# A title may come late; whoever asked has their answer.
BEHIND_SECONDS, LOOK_SECONDS = 30.0, 0.5


@transaction.atomic
def admit_direct_call(call: DirectCall, *, actor: User) -> None:
    """Count a call that may be made, until it is ended; raises `QuotaExceeded` and `ModelBusy`.

    Nobody waits in the queue of runs, for there is no row to wait in.
    """
    enforce_run_quota(actor, call.key_id)
    if not take_room(call, CallKind.DIRECT):
        raise busy()


@transaction.atomic
def admit_housekeeping(call: DirectCall, *, actor: User) -> bool:
    """Count a program's own call, if people leave room for it; raises `QuotaExceeded`.

    Whoever may have some answers at once may have as many such calls beside them: anybody can
    say that theirs is one.
    """
    limits = find_limits(actor, call.key_id, kinds=ONE_MORE)
    enforce_quota([limit for limit in limits if limit.kind in TOKENS or not limit.most], ONE_MORE)
    at_once = [limit for limit in limits if limit.kind not in TOKENS]
    lock_limits(at_once)
    if any(count_calls(limit.subject, housekeeping=True) >= limit.most for limit in at_once):
        return False
    return take_batch_room(call)


def wait_for_housekeeping(call: DirectCall, *, actor: User) -> None:
    """Wait behind people until a program's own call may be made; raises as the other does."""
    until = time.monotonic() + BEHIND_SECONDS
    while not admit_housekeeping(call, actor=actor):
        if time.monotonic() > until:
            raise busy()
        with holding_nothing():
            time.sleep(LOOK_SECONDS)


def busy() -> ModelBusy:
    """The refusal of a call that has no room."""
    return ModelBusy("The model's server is busy; try again in %(wait)s s.", wait=BUSY_SECONDS)


def record_direct_call(
    call: DirectCall, *, model: str, outcome: str, usage: Usage, seconds: float
) -> None:
    """Write down what a model used; without the key if that is gone by now."""
    key_id = call.key_id
    if key_id is not None and not ApiKey.objects.filter(pk=key_id).exists():
        key_id = None
    record_usage(
        UsageKind.TITLE if call.is_housekeeping else UsageKind.RUN,
        call.user_id,
        key_id=key_id,
        name=model,
        outcome=outcome,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        duration_ms=int(seconds * 1000),
    )
    give_room(call)


@transaction.atomic
def enforce_token_quota(actor: User, key_id: UUID | None) -> None:
    """Raise `QuotaExceeded` when no tokens are left."""
    enforce_quota(find_limits(actor, key_id, kinds=TOKENS), TOKENS)


def record_embedding(
    user_id: UUID, key_id: UUID | None, *, model: str, tokens: int, seconds: float
) -> None:
    """Write down that vectors of somebody's texts were made."""
    record_usage(
        UsageKind.EMBEDDING,
        user_id,
        key_id=key_id,
        name=model,
        tokens_in=tokens,
        duration_ms=int(seconds * 1000),
    )
