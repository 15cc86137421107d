"""Room at model servers for what has no run: background work, and models asked directly."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from chat.agent.exceptions import ModelUnavailable
from chat.agent.sentences import NO_ROOM_BEHIND
from chat.direct_calls import NOBODY, DirectCall, begin_call, end_call, open_ids, process_id
from chat.enums import CallKind
from chat.llm.endpoints import most_runs
from chat.model_servers import ModelCall
from chat.runs.queue import announce_room, may_begin
from youworker.core.db import run_in_thread
from youworker.core.leases import lease_end
from youworker.core.per_loop import end_task
from youworker.core.processes import tokens_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection
    from uuid import UUID

    from chat.agent.types import LanguageModel

logger = logging.getLogger(__name__)

# A process that was killed leaves its calls behind for so long.
CALL_SECONDS = 20.0
RENEW_SECONDS = 5.0
# Between two looks whether there is room.
LOOK_SECONDS = 0.5
# Background work leaves that much to people, where a server makes more than one answer at a time.
KEPT_FREE = 1


@asynccontextmanager
async def batch_slot(model: LanguageModel, *, seconds: float = 60.0) -> AsyncGenerator[None, None]:
    """Wait until people leave room at a model's server, and take room there inside.

    For titles, evaluations and whatever else nobody waits for, each request on its own:

        model = await registry.resolve_model(name)
        async with batch_slot(model):
            async for event in model.stream(messages, tools=[]): …

    Everybody who waits goes first, and where a server makes several answers at a time, one place
    stays free. Raises `ModelUnavailable` when there was no room for so many `seconds`. A run that
    asks its own model between two turns (compaction) has its place already and takes none: with
    one answer at a time it would wait for itself.
    """
    address = model_address(model)
    if not address or not most_runs(address):
        yield
        return
    call = DirectCall(NOBODY, None, address)
    try:
        async with asyncio.timeout(seconds):
            while not await run_in_thread(take_batch_room, call):  # noqa: ASYNC110 -- a look
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        await run_in_thread(give_room, call)
        raise ModelUnavailable(NO_ROOM_BEHIND) from error
    keeper = asyncio.create_task(keep_room(call))
    try:
        yield
    finally:
        end_call(call)
        await end_task(keeper)
        await asyncio.shield(run_in_thread(give_room, call))


def model_address(model: LanguageModel) -> str:
    """The address of a model's server; empty for the built-in model."""
    endpoint = getattr(model, "endpoint", None)
    return "" if endpoint is None else str(endpoint.address)


@transaction.atomic
def take_room(call: DirectCall, kind: CallKind, *, kept_free: int = 0) -> bool:
    """Count a call at its server from now on, if there is room and nobody waits for it.

    Without a limit nothing is stored.
    """
    if not may_begin(call.endpoint, kept_free=kept_free):
        return False
    if call.endpoint and most_runs(call.endpoint):
        ModelCall.objects.create(
            id=call.id,
            endpoint=call.endpoint,
            kind=kind,
            process=process_id(),
            until=lease_end(CALL_SECONDS),
        )
    # Under the lock as well, so that of two at once one is counted before the other.
    begin_call(call)
    return True


def take_batch_room(call: DirectCall) -> bool:
    """Take room for background work, which leaves some to people."""
    return take_room(call, CallKind.BATCH, kept_free=KEPT_FREE)


def give_room(call: DirectCall) -> None:
    """Count a call no longer, and wake whoever waits for its room."""
    end_call(call)
    if call.endpoint:
        ModelCall.objects.filter(pk=call.id).delete()
        announce_room()


async def keep_room(call: DirectCall) -> None:
    """Show that a call goes on, until cancelled."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            await run_in_thread(renew_rooms, [call.id])
        except DatabaseError:
            logger.warning("the room of a call could not be kept; it is tried again")


def renew_rooms(ids: Collection[UUID] | None = None) -> int:
    """Put off the end of calls, of all that this process makes unless some are named."""
    chosen = open_ids() if ids is None else list(ids)
    if not chosen:
        return 0
    return ModelCall.objects.filter(pk__in=chosen).update(until=lease_end(CALL_SECONDS))


def forget_calls_of(number: int) -> int:
    """Remove the calls of a process that is gone; how many there were."""
    return ModelCall.objects.filter(process__range=tokens_of(number)).delete()[0]


def forget_lost_calls() -> int:
    """Remove the calls of processes that are gone; how many there were."""
    return ModelCall.objects.filter(until__lt=Now()).delete()[0]
