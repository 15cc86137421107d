"""Which models there are, and which one a run uses."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.agent.exceptions import AgentError, ModelUnavailable, ModelUnknown
from chat.agent.sentences import UNKNOWN_MODEL
from chat.llm.circuit import circuit
from chat.llm.endpoints import endpoints_in_force, window_of
from chat.llm.fallback import FallbackModel
from chat.llm.openai.model import OpenAICompatibleModel
from chat.llm.openai.model_list import list_models
from chat.llm.openai.stream_reader import Habits
from chat.llm.quote.model import NAME as QUOTE
from chat.llm.quote.model import QuoteModel
from youworker.core import config as configuration
from youworker.core.per_loop import PerLoop
from youworker.upstream.model_files.state import is_being_loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import LanguageModel
    from youworker.core.config.sections import RetryConfig
    from youworker.upstream.endpoint import Endpoint

logger = logging.getLogger(__name__)

REMEMBERED_SECONDS = 5.0
REFUSALS_SECONDS = 600.0
LOAD_SECONDS, LOOK_SECONDS = 60.0, 0.25
# Servers list these beside the models one can talk to.
NOT_FOR_CHAT = ("embed", "rerank", "whisper", "bge-", "minilm", "tts", "clip")


@dataclass(frozen=True)
class Listing:
    """What one server said last about its models, or why it did not."""

    names: tuple[str, ...]
    problem: AgentError | None
    until: float

    @property
    def is_unreachable(self) -> bool:
        """Whether the server did not answer at all."""
        return isinstance(self.problem, ModelUnavailable)


@dataclass
class Registry:
    """The models of the configured servers and the built-in one; belongs to one event loop."""

    servers: Sequence[Endpoint]
    retry: RetryConfig
    default: str = ""
    listings: dict[Endpoint, Listing] = field(default_factory=dict)
    locks: dict[Endpoint, asyncio.Lock] = field(default_factory=dict)
    looks: dict[Endpoint, asyncio.Task[Listing]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], tuple[float, set[str]]] = field(default_factory=dict)
    habits: dict[tuple[str, str], Habits] = field(default_factory=dict)

    async def list_available(self) -> list[str]:
        """The names of all models that can be asked for now, `quote` last."""
        listings = await self.read_listings()
        names = [name for listing in listings for name in listing.names]
        return [*dict.fromkeys(names), QUOTE]

    async def resolve(self, name: str | None) -> LanguageModel:
        """The model called `name`, or the default one.

        Raises `ModelUnknown` for a name nobody knows, `ModelUnavailable` when the server that may
        know it is down. The default falls back to `quote` then, so that there is an answer.
        """
        if name:
            return await self.find_model(name)
        if self.default == QUOTE or not self.servers:
            return QuoteModel()
        return await self.find_default_model()

    async def find_model(self, name: str) -> LanguageModel:
        """The model a user asked for."""
        if name == QUOTE:
            return QuoteModel()
        listings = await self.read_listings()
        found, absent = [], []
        for server, listing in zip(self.servers, listings, strict=True):
            if known := listed_name(name, listing.names):
                found.append((server, known))
            elif not found and listing.is_unreachable and had_listed(server, name):
                absent.append(server.name)
        return self.any_of(found, absent) if found else self.unlisted(name, listings)

    def any_of(
        self, found: Sequence[tuple[Endpoint, str]], absent: Sequence[str] = ()
    ) -> LanguageModel:
        """A model of the first server that begins to answer."""
        models = [self.model(server, name) for server, name in found]
        return FallbackModel(models, absent) if len(models) > 1 or absent else models[0]

    def unlisted(self, name: str, listings: Sequence[Listing]) -> LanguageModel:
        """A model no server lists: a server that lists nothing may have it all the same."""
        for server, listing in zip(self.servers, listings, strict=True):
            if listing.problem and not listing.is_unreachable:
                return self.model(server, name)
        for listing in listings:
            if listing.problem:
                raise listing.problem
        raise ModelUnknown(UNKNOWN_MODEL.format(name=repr(name)))

    async def find_default_model(self) -> LanguageModel:
        """The configured default, else the first model of a server that answers, else `quote`."""
        listings = await self.read_listings()
        pairs = list(zip(self.servers, listings, strict=True))
        found = [(server, name) for server, seen in pairs if (name := self.default_of(seen))]
        if self.default and not found and not any(seen.is_unreachable for seen in listings):
            # The operator's word counts more than a list: some servers load models on demand.
            return self.model(self.servers[0], self.default)
        named = {server for server, _ in found}
        others = [(server, name) for server, seen in pairs if (name := first_for_chat(seen))]
        found += [pair for pair in others if pair[0] not in named]
        if found:
            return self.any_of(found, self.absent_before(found[0][0], pairs))
        logger.warning("No model server answers; the built-in model %r stands in.", QUOTE)
        return QuoteModel()

    def absent_before(
        self, first: Endpoint, pairs: Sequence[tuple[Endpoint, Listing]]
    ) -> list[str]:
        """The names of servers that do not answer and would have come before `first`."""
        order, seen = [server for server, _ in pairs], dict(pairs)
        # The default is away as a whole: whoever is away may have it.
        stands_in = bool(self.default) and not self.default_of(seen[first])
        ahead = order if stands_in else order[: order.index(first)]
        return [
            server.name
            for server in ahead
            if seen[server].is_unreachable
            and (stands_in or not self.default or had_listed(server, self.default))
        ]

    def default_of(self, listing: Listing) -> str:
        """The model to use of one server; empty if it has none."""
        if self.default:
            return listed_name(self.default, listing.names)
        return first_for_chat(listing)

    def model(self, server: Endpoint, name: str) -> OpenAICompatibleModel:
        """A model of a server, with what is remembered about it."""
        key, now = (server.url, name), time.monotonic()
        until, refused = self.refusals.get(key, (0.0, set()))
        if now > until:
            refused = set()
            self.refusals[key] = (now + REFUSALS_SECONDS, refused)
        habits = self.habits.setdefault(key, Habits())
        window = window_of(server, name)
        return OpenAICompatibleModel(name, server, self.retry, refused, habits, window)

    async def read_listings(self) -> list[Listing]:
        """What each server lists, asked side by side."""
        return list(await asyncio.gather(*(self.read_listing(server) for server in self.servers)))

    async def read_listing(self, server: Endpoint) -> Listing:
        """What one server lists; asked at most once at a time and every few seconds."""
        known = self.listings.get(server)
        if known is not None and known.is_unreachable and len(self.servers) > 1:
            # Nobody waits for a server that hangs while another one may answer.
            if time.monotonic() > known.until and server not in self.looks:
                look = self.looks[server] = asyncio.create_task(self.renew_listing(server))
                look.add_done_callback(lambda _: self.looks.pop(server, None))
            return known
        return await self.renew_listing(server)

    async def renew_listing(self, server: Endpoint) -> Listing:
        """What one server lists; it is asked when what is known of it is too old."""
        async with self.locks.setdefault(server, asyncio.Lock()):
            known = self.listings.get(server)
            if known is None or time.monotonic() > known.until:
                known = self.listings[server] = await fetch_listing(server)
            return known

    async def close(self) -> None:
        """End the looks at servers that nobody waits for."""
        for look in list(self.looks.values()):
            look.cancel()
        await asyncio.gather(*self.looks.values(), return_exceptions=True)


# What each server listed last, by its address, for code that cannot ask it.
last_listed: dict[str, tuple[str, ...]] = {}


def listed_in_force() -> list[tuple[str, ...]]:
    """What the servers that are in force listed last, in their order."""
    return [last_listed.get(server.url, ()) for server in endpoints_in_force()]


def is_listed(name: str) -> bool:
    """Whether a server listed a model of this name when it was last asked, or it is built in."""
    return name == QUOTE or any(listed_name(name, names) for names in listed_in_force())


def list_known() -> list[str]:
    """The names of all models that were listed last, `quote` last."""
    names = [name for listed in listed_in_force() for name in listed]
    return [*dict.fromkeys(names), QUOTE]


def endpoint_of(name: str) -> str:
    """Which server will be asked by a run of this model, as far as is known; empty for `quote`.

    The address is without user and password, for it is stored.
    """
    llm = configuration.config.llm
    servers, wanted = endpoints_in_force(), name or llm.chat_model
    if not servers or wanted == QUOTE:
        return ""
    # The order in which the run will find them, as far as is known.
    for server in sorted(servers, key=lambda server: circuit.is_resting(server.address)):
        names = last_listed.get(server.url, ())
        if listed_name(wanted, names) if wanted else names:
            return server.address
    return servers[0].address


async def fetch_listing(server: Endpoint) -> Listing:
    """Ask a server for its models; a failure is an answer, too."""
    names: list[str] = []
    problem: AgentError | None = None
    try:
        names = await list_models(server)
    except AgentError as error:
        problem = error
        logger.warning("No models from %s: %s", server.name, error)
        if isinstance(error, ModelUnavailable):
            circuit.note_failure(server.address)
    if names:
        last_listed[server.url] = tuple(names)
    return Listing(tuple(names), problem, time.monotonic() + REMEMBERED_SECONDS)


def listed_name(name: str, names: Sequence[str]) -> str:
    """`name` as the server lists it; Ollama's tag `latest` may be left out."""
    for candidate in (name, f"{name}:latest"):
        if candidate in names:
            return candidate
    return ""


def had_listed(server: Endpoint, name: str) -> bool:
    """Whether a server had a model when it answered last."""
    return bool(listed_name(name, last_listed.get(server.url, ())))


def first_for_chat(listing: Listing) -> str:
    """The first model of a server that one can talk to; empty if it has none."""
    spoken = [name for name in listing.names if is_for_chat(name)]
    return next(iter([*spoken, *listing.names]), "")


def is_for_chat(name: str) -> bool:
    """Whether a model's name does not say that it does something else."""
    return not any(word in name.lower() for word in NOT_FOR_CHAT)


async def close_registries(known: dict[tuple[Sequence[Endpoint], str], Registry]) -> None:
    """End what the registries of an event loop still do."""
    for each in known.values():
        await each.close()


# One entry, under what the registry was made of.
registries: PerLoop[dict[tuple[Sequence[Endpoint], str], Registry]] = PerLoop(
    dict, close=close_registries
)


def registry() -> Registry:
    """The registry of the running event loop, made anew when the configuration changed."""
    llm, retry = configuration.config.llm, configuration.config.retry
    known, servers, default = registries.get(), endpoints_in_force(), llm.chat_model
    if (servers, default) not in known:
        former = next(iter(known.values()), None)
        known.clear()
        made = known[servers, default] = Registry(servers, retry, default)
        if former is not None:
            # A change of one server loses nothing that is known of the others.
            made.refusals, made.habits = former.refusals, former.habits
            for look in former.looks.values():
                look.cancel()
    return known[servers, default]


async def wait_for_loading(model_name: str | None) -> None:
    """Let a model file that a run would use be loaded first, which takes seconds after a start.

    Without it `quote` would answer, or nobody. After `LOAD_SECONDS` the run goes on as it can.
    """
    known, until = registry(), time.monotonic() + LOAD_SECONDS
    while loading := [one for one in known.servers if one.socket and is_being_loaded(one.socket)]:
        is_wanted = not is_listed(model_name) if model_name else known.servers[0] in loading
        if not is_wanted or time.monotonic() > until:
            return
        await asyncio.sleep(LOOK_SECONDS)
        for server in loading:
            # That it did not answer meanwhile says nothing about it.
            known.listings.pop(server, None)
            circuit.note_answer(server.address)


async def resolve_model(model_name: str | None) -> LanguageModel:
    """The model a run uses: the one asked for, or the default."""
    return await registry().resolve(model_name)


async def list_available() -> list[str]:
    """The names of all models that can be asked for now, `quote` last."""
    return await registry().list_available()


async def warm_up() -> None:
    """Load the list of models, so that no user waits for it."""
    known = registry()
    if known.servers:
        await known.read_listings()
