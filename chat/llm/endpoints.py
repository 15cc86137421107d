"""The servers of language models that are in force: those of the environment and those of rows.

Rows are read by `refresh_endpoints` only, which web processes do every few seconds, so that a
question costs no statement more; whoever asks is given what was read last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from chat.model_servers import ModelServer, ServedModel
from youworker.core import config as configuration
from youworker.encryption.fields import Damaged
from youworker.upstream.configured import chat_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from youworker.core.config.sections import LlmConfig
    from youworker.upstream.endpoint import Endpoint

# So old what is known of the rows may be.
REFRESH_SECONDS = 2.0


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
    context_tokens: int | None

    def __repr__(self) -> str:
        """Without the key, for logs."""
        return f"<StoredServer {self.address}>"


@dataclass(frozen=True)
class Stored:
    """Everything the rows say: the servers in their order, and the windows that were found."""

    servers: tuple[StoredServer, ...] = ()
    windows: tuple[tuple[tuple[str, str], int], ...] = ()


# As it was read last; the same in all event loops and threads of the process.
stored = Stored()


def refresh_endpoints() -> None:
    """Read the rows of model servers, for everybody in this process."""
    global stored  # noqa: PLW0603 -- one per process
    servers = tuple(map(stored_server, ModelServer.objects.in_order()))
    found = ServedModel.objects.exclude(context_tokens=None).by_server()
    rows = found.values_list("server__address", "name", "context_tokens")
    windows = tuple(((address, name), tokens or 0) for address, name, tokens in rows)
    fresh = Stored(servers, windows)
    if fresh != stored:
        stored = fresh


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
        row.context_tokens,
    )


def endpoints_in_force() -> tuple[Endpoint, ...]:
    """The servers of language models, in the order in which they are asked."""
    return merge(configuration.config.llm, stored.servers)


@lru_cache(maxsize=8)
def merge(llm: LlmConfig, rows: tuple[StoredServer, ...]) -> tuple[Endpoint, ...]:
    """The servers of the environment, as their rows change them, and those of other rows."""
    known = {row.address: row for row in rows}
    placed: list[tuple[int, Endpoint]] = []
    configured = chat_endpoints(llm)
    for place, endpoint in enumerate(configured, start=1):
        row = known.pop(endpoint.address, None)
        if row is None:
            placed.append((place, endpoint))
        elif row.enabled:
            placed.append((row.position, as_row_says(endpoint, row)))
    for row in known.values():
        # Those of an environment that changed since are left to `sync_configured`.
        if row.enabled and not row.is_configured:
            (plain,) = chat_endpoints(replace(llm, base_url=row.url, api_key=""))
            placed.append((row.position, as_row_says(replace(plain, key=row.key), row)))
    # Sorting is stable, so equal positions keep this order.
    return tuple(endpoint for _, endpoint in sorted(placed, key=lambda pair: pair[0]))


def as_row_says(endpoint: Endpoint, row: StoredServer) -> Endpoint:
    """A server with the name, the room and the window of its row."""
    window = row.context_tokens or 0
    return replace(endpoint, label=row.name, max_runs=row.max_runs, window=window)


@lru_cache(maxsize=8)
def found_windows(
    windows: tuple[tuple[tuple[str, str], int], ...],
) -> Mapping[tuple[str, str], int]:
    """The windows that were found, by address and model."""
    return dict(windows)


def window_of(endpoint: Endpoint, model: str) -> int:
    """How many tokens a model reads: as an operator says, as its server tells, else as set."""
    found = found_windows(stored.windows).get((endpoint.address, model), 0)
    return endpoint.window or found or endpoint.sampling.context_tokens


def most_runs(address: str) -> int:
    """How many answers a server makes at a time; 0 = no limit."""
    return room_limits().get(address, configuration.config.llm.max_runs)


def room_limits() -> Mapping[str, int]:
    """The servers whose room is limited otherwise than by `LLM_MAX_RUNS`, by address."""
    return limits_of(endpoints_in_force())


@lru_cache(maxsize=8)
def limits_of(endpoints: Sequence[Endpoint]) -> Mapping[str, int]:
    """The limits that were named for single servers."""
    return {each.address: each.max_runs for each in endpoints if each.max_runs is not None}


def is_room_limited() -> bool:
    """Whether any server makes only so many answers at a time."""
    return bool(configuration.config.llm.max_runs) or any(room_limits().values())
