"""Looking at a model server: whether it answers, which program it is, and what its models can.

Nothing is asked of a model, for that would load it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from chat.agent.exceptions import AgentError
from chat.enums import ServerKind
from chat.llm.openai.model_list import names_in, read_list
from chat.llm.probing.facts import (
    Facts,
    facts_of_props,
    facts_of_show,
    facts_of_studio,
    joined,
    kind_in,
    listed_facts,
    loaded_windows,
    same_model,
    slots_in,
)
from youworker.upstream.body_limits import AnswerTooLarge
from youworker.upstream.client import read_answer
from youworker.upstream.errors import TRANSPORT_ERRORS, StatusError, sentence_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from youworker.upstream.endpoint import Endpoint

# Each of these answers is short work.
ANSWER_SECONDS = 5.0
# Templates and licences stand in some of them.
LONGEST_ANSWER = 1_048_576
# Of a server that has hundreds, the first ones are looked at one by one.
MOST_SHOWN, SHOWN_AT_ONCE = 60, 4
# The path that OpenAI's protocol has, beside which the programs have their own.
PROTOCOL_PATH = "/v1"


@dataclass(frozen=True)
class Look:
    """What was seen of a server; `error` says why that is nothing."""

    kind: ServerKind = ServerKind.UNKNOWN
    error: str = ""
    latency_ms: int | None = None
    models: Mapping[str, Facts] = field(default_factory=dict)
    # How many answers at a time the program says it makes.
    told_runs: int | None = None


async def look_at(endpoint: Endpoint, known: ServerKind = ServerKind.UNKNOWN) -> Look:
    """See how a server does; `known` is which program it was before."""
    began = time.monotonic()
    try:
        document = await read_list(endpoint)
    except AgentError as error:
        return Look(known, sentence_of(error.message, key=endpoint.key))
    latency_ms = int((time.monotonic() - began) * 1000)
    names, told = names_in(document), listed_facts(document)
    kind = kind_in(document)
    if kind == ServerKind.UNKNOWN:
        kind = known if known != ServerKind.UNKNOWN else await find_kind(endpoint)
    props = None
    # One that serves several models has others for each.
    if kind == ServerKind.LLAMA_CPP and len(names) == 1:
        props = await fetch_beside(endpoint, "props")
        own = {names[0]: facts_of_props(props)}
    else:
        own = await read_own(endpoint, kind, names)
    models = {name: joined(own.get(name, Facts()), told.get(name, Facts())) for name in names}
    return Look(kind, "", latency_ms, models, slots_in(props))


async def find_kind(endpoint: Endpoint) -> ServerKind:
    """Ask for what only one of the programs has."""
    version = await fetch_beside(endpoint, "api/version")
    if isinstance(version, dict) and isinstance(version.get("version"), str):
        return ServerKind.OLLAMA
    if facts_of_studio(await fetch_beside(endpoint, "api/v0/models")):
        return ServerKind.LM_STUDIO
    if facts_of_props(await fetch_beside(endpoint, "props")).context_tokens:
        return ServerKind.LLAMA_CPP
    return ServerKind.OTHER


async def read_own(endpoint: Endpoint, kind: ServerKind, names: Sequence[str]) -> dict[str, Facts]:
    """What a program says of its models in its own words."""
    if kind == ServerKind.OLLAMA:
        return await read_ollama(endpoint, names)
    if kind == ServerKind.LM_STUDIO:
        return facts_of_studio(await fetch_beside(endpoint, "api/v0/models"))
    return {}


async def read_ollama(endpoint: Endpoint, names: Sequence[str]) -> dict[str, Facts]:
    """What Ollama says of each model, and with which window it has loaded some."""
    loaded = loaded_windows(await fetch_beside(endpoint, "api/ps"))
    turns = asyncio.Semaphore(SHOWN_AT_ONCE)

    async def read(name: str) -> Facts:
        async with turns:
            shown = await fetch_beside(endpoint, "api/show", {"model": name})
        if shown is None:
            return Facts()
        return facts_of_show(shown, loaded.get(same_model(name, list(loaded))))

    chosen = names[:MOST_SHOWN]
    return dict(zip(chosen, await asyncio.gather(*map(read, chosen)), strict=True))


async def fetch_beside(endpoint: Endpoint, path: str, body: dict[str, Any] | None = None) -> Any:
    """What a server says beside OpenAI's protocol; None when that is nothing readable."""
    beside = replace(endpoint, url=endpoint.url.removesuffix(PROTOCOL_PATH))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return orjson.loads(await read_answer(beside, path, body, longest=LONGEST_ANSWER))
    except (*TRANSPORT_ERRORS, StatusError, AnswerTooLarge, TimeoutError, ValueError):
        return None
