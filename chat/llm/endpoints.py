"""The servers of language models that are in force: those of the environment and those of rows.

Rows are read by `refresh_endpoints` only, which web processes do every few seconds, so that a
question costs no statement more; whoever asks is given what was read last.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from chat.model_servers import ModelServer, ServedModel
from youworker.core import config as configuration
from youworker.core.effects import Outage
from youworker.core.leases import elapsed_seconds
from youworker.core.sql import fetch_row
from youworker.encryption.fields import Damaged
from youworker.upstream.configured import chat_endpoints, remote_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from youworker.core.config.sections import LlmConfig
    from youworker.upstream.endpoint import Endpoint

logger = logging.getLogger(__name__)

# So old what is known of the rows may be.
REFRESH_SECONDS = 2.0
REREAD_SECONDS = 60.0
# Of `LLM_MAX_RUNS`: nobody said anything.
AS_TOLD = -1
# The sums as well, for the clocks of those who write differ.
MARK = """
SELECT count(*), max(updated_at), sum(extract(epoch FROM updated_at)) FROM (
    SELECT updated_at FROM chat_modelserver UNION ALL SELECT updated_at FROM chat_servedmodel
) AS rows
"""


@dataclass(frozen=True)
class StoredServer:
    """What a row says of a server."""

    name: str
    url: str
    address: str
    key: str
    is_configured: bool
    position: int
    enabled: bool
    max_runs: int | None
    told_runs: int | None
    context_tokens: int | None

    def __repr__(self) -> str:
        """Without the key, for logs."""
        return f"<StoredServer {self.address}>"


@dataclass(frozen=True)
class KnownModel:
    """What was found of one model of one server; None is unknown."""

    context_tokens: int | None
    tools: bool | None
    vision: bool | None


@dataclass(frozen=True)
class Stored:
    """Everything the rows say: the servers in their order, and what was found of their models."""

    servers: tuple[StoredServer, ...] = ()
    models: tuple[tuple[tuple[str, str], KnownModel], ...] = ()
    # What shows that a row changed since.
    mark: tuple[Any, ...] = ()


# As it was read last; the same in all event loops and threads of the process.
stored = Stored()


def refresh_endpoints() -> None:
    """Read the rows of model servers, for everybody in this process."""
    global stored  # noqa: PLW0603 -- one per process
    # Keys are only decrypted again when something changed, or may have become readable.
    mark = (*(fetch_row(MARK, []) or ()), int(elapsed_seconds() / REREAD_SECONDS))
    if mark == stored.mark:
        return
    servers = tuple(map(stored_server, ModelServer.objects.in_order()))
    columns = ("server__address", "name", "context_tokens", "tools", "vision")
    rows = ServedModel.objects.by_server().values_list(*columns)
    models = tuple(((address, name), KnownModel(*known)) for address, name, *known in rows)
    stored = Stored(servers, models, mark)


class Refresher:
    """Reads the rows now and then, for a process that has no loop for it."""

    def __init__(self) -> None:
        self.due = 0.0
        self.outage = Outage(logger, "model servers cannot be read")

    def refresh_when_due(self) -> None:
        """Read the rows, unless that was done a moment ago; what was read stays in an outage."""
        if elapsed_seconds() < self.due:
            return
        self.due = elapsed_seconds() + REFRESH_SECONDS
        try:
            refresh_endpoints()
            self.outage.end()
        except DatabaseError as error:
            self.outage.begin(error)


refresh_when_due = Refresher().refresh_when_due


def stored_server(row: ModelServer) -> StoredServer:
    """What a row says; one whose key cannot be decrypted is not asked."""
    is_damaged = isinstance(row.key, Damaged)
    return StoredServer(
        row.name,
        row.url.rstrip("/"),
        row.address,
        "" if is_damaged else row.key,
        row.is_configured,
        row.position,
        row.enabled and not is_damaged,
        row.max_runs,
        row.told_runs,
        row.context_tokens,
    )


def endpoints_in_force() -> tuple[Endpoint, ...]:
    """The servers of language models, in the order in which they are asked."""
    llm = configuration.config.llm
    return merge(llm, chat_endpoints(llm), stored.servers)


@lru_cache(maxsize=8)
def merge(
    llm: LlmConfig, configured: tuple[Endpoint, ...], rows: tuple[StoredServer, ...]
) -> tuple[Endpoint, ...]:
    """The servers of the environment, as their rows change them, and those of other rows."""
    known = {row.address: row for row in rows}
    placed: list[tuple[int, Endpoint]] = []
    for place, endpoint in enumerate(configured, start=1):
        row = known.pop(endpoint.address, None)
        if row is None:
            placed.append((place, endpoint))
        elif row.enabled:
            placed.append((row.position, as_row_says(llm, endpoint, row)))
    # Those of an environment that changed since are left to `sync_configured`.
    others = [row for row in known.values() if row.enabled and not row.is_configured]
    placed += [(row.position, endpoint_of_row(llm, row)) for row in others]
    # Sorting is stable, so equal positions keep this order.
    return tuple(endpoint for _, endpoint in sorted(placed, key=lambda pair: pair[0]))


def endpoint_of_row(llm: LlmConfig, row: StoredServer) -> Endpoint:
    """A server that only has a row; clocks and limits are those of the environment."""
    (plain,) = remote_endpoints(replace(llm, base_url=row.url, api_key=""))
    return as_row_says(llm, replace(plain, is_guarded=True), row)


def as_row_says(llm: LlmConfig, endpoint: Endpoint, row: StoredServer) -> Endpoint:
    """A server with the name, the room and the window of its row, and its key if it has none.

    What its program tells of its room counts where nobody said anything of it.
    """
    told = row.told_runs if llm.max_runs == AS_TOLD else None
    return replace(
        endpoint,
        key=endpoint.key or row.key,
        label=row.name,
        max_runs=told if row.max_runs is None else row.max_runs,
        window=row.context_tokens or 0,
    )


def find_endpoint(server: ModelServer) -> Endpoint | None:
    """The endpoint of a row, also of one that is switched off; None where its environment went."""
    row, llm = stored_server(server), configuration.config.llm
    for endpoint in chat_endpoints(llm):
        if endpoint.address == row.address:
            return as_row_says(llm, endpoint, row)
    return None if row.is_configured else endpoint_of_row(llm, row)


@lru_cache(maxsize=2)
def models_by_name(
    models: tuple[tuple[tuple[str, str], KnownModel], ...],
) -> Mapping[tuple[str, str], KnownModel]:
    """What was found of models, by address and name."""
    return dict(models)


def known_model(endpoint: Endpoint, name: str) -> KnownModel | None:
    """What was found of a model; None when it was not looked at yet."""
    return models_by_name(stored.models).get((endpoint.address, name))


def window_of(endpoint: Endpoint, name: str) -> int:
    """How many tokens a model reads: as an operator says, as its server tells, else as set."""
    known = known_model(endpoint, name)
    found = known.context_tokens if known else None
    return endpoint.window or found or endpoint.sampling.context_tokens


def most_runs(address: str) -> int:
    """How many answers a server makes at a time; 0 = no limit."""
    return room_limits().get(address, common_limit())


def common_limit() -> int:
    """How many answers a server makes at a time of which nothing else is known; 0 = no limit."""
    return max(configuration.config.llm.max_runs, 0)


def room_limits() -> Mapping[str, int]:
    """The servers whose room is limited otherwise than all others', by address."""
    return limits_of(endpoints_in_force())


@lru_cache(maxsize=8)
def limits_of(endpoints: Sequence[Endpoint]) -> Mapping[str, int]:
    """The limits of single servers, named or told."""
    return {each.address: each.max_runs for each in endpoints if each.max_runs is not None}


def is_room_limited() -> bool:
    """Whether any server makes only so many answers at a time."""
    return bool(common_limit()) or any(room_limits().values())
