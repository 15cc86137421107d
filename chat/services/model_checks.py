"""Looking at model servers, and trying their models: for beat, the doctor and the console."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from chat.enums import ServerKind, ServerState
from chat.llm.endpoints import find_endpoint, refresh_endpoints
from chat.llm.probing.looking import Look, look_at
from chat.llm.probing.speaking import try_model
from chat.llm.registry import Registry, is_for_chat
from chat.model_servers import ModelServer, ServedModel
from chat.services.model_servers import store_look, store_tried, sync_configured
from youworker.core.config import config
from youworker.core.per_loop import close_all
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence
    from typing import Any

    from chat.llm.probing.speaking import Tried
    from youworker.upstream.endpoint import Endpoint

T = TypeVar("T")

# Trying a model may load it, which takes its server's time and memory.
MOST_TRIED = 20
NOT_CONFIGURED = "It stands in no setting any more, or its key cannot be decrypted."


def look_at_servers(servers: Iterable[ModelServer] | None = None) -> list[ModelServer]:
    """See how model servers do, all enabled ones unless some are given; their rows as they are now.

    Asks no model anything.
    """
    if servers is None:
        sync_configured()
        servers = ModelServer.objects.filter(enabled=True)
    rows = list(servers)
    pairs = [(row, find_endpoint(row)) for row in rows]
    looks = run_apart(look_at_all([(row, found) for row, found in pairs if found is not None]))
    for row, found in pairs:
        store_look(row, looks[row.address] if found else Look(error=NOT_CONFIGURED))
    refresh_endpoints()
    return list(ModelServer.objects.filter(pk__in=[row.pk for row in rows]).in_order())


async def look_at_all(pairs: Sequence[tuple[ModelServer, Endpoint]]) -> dict[str, Look]:
    """What is seen of servers, by address."""
    looks = await asyncio.gather(
        *(look_at(endpoint, ServerKind(row.kind)) for row, endpoint in pairs)
    )
    return {row.address: look for (row, _), look in zip(pairs, looks, strict=True)}


def try_models(models: Iterable[ServedModel]) -> int:
    """Ask models small questions, one after the other; how many were asked.

    What only embeds or listens is left out.
    """
    count = 0
    for row in models:
        endpoint = find_endpoint(row.server)
        if endpoint is None or not is_for_chat(row.name):
            continue
        store_tried(row, run_apart(try_one(endpoint, row.name)))
        count += 1
        # Whatever was loaded for the question shows its window now.
        look_at_servers([row.server])
    return count


async def try_one(endpoint: Endpoint, name: str) -> Tried:
    """What one model shows."""
    return await try_model(Registry([endpoint], config.retry).model(endpoint, name))


def models_to_try(names: Sequence[str] = ()) -> list[ServedModel]:
    """The models of servers that answer, only those of some names where there are any."""
    rows = ServedModel.objects.filter(server__enabled=True, server__state=ServerState.OK)
    rows = rows.select_related("server").by_server()
    if names:
        return list(rows.filter(name__in=names))
    return [row for row in rows if is_for_chat(row.name)][:MOST_TRIED]


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Carry something out in an event loop of its own, which holds nothing others wait for."""

    async def carry_out() -> T:
        try:
            return await work
        finally:
            await close_all()

    with holding_nothing():
        return asyncio.run(carry_out())
