"""What a tool server speaks: the newest protocol, the handshake before it, or the first transport.

Servers of before were not written to be asked about a protocol they do not know: some end, some
close the connection, some say nothing. What was found out is kept on the server's row.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import mcp_types as types
from mcp_types import UNSUPPORTED_PROTOCOL_VERSION
from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    LATEST_HANDSHAKE_VERSION,
    LATEST_MODERN_VERSION,
    MODERN_PROTOCOL_VERSIONS,
)
from pydantic import ValidationError

from mcp.enums import Protocol, Transport
from mcp.shared.exceptions import MCPError

if TYPE_CHECKING:
    from mcp.client.session import ClientSession

US = types.Implementation(name="youworker", version="1")
# Whoever knows the question answers at once; programs that only start now get the handshake then.
PROBE_SECONDS = 5.0
VERSION = re.compile(r"version", re.I)
ORDER = {
    Transport.STDIO: (Protocol.UNKNOWN, Protocol.HANDSHAKE),
    Transport.HTTP: (Protocol.UNKNOWN, Protocol.HANDSHAKE, Protocol.SSE),
}


def protocols_to_try(transport: str, known: str) -> list[str]:
    """The protocols to open a connection with, one after the other; what is known comes first."""
    order = ORDER[Transport(transport)]
    return [known, *(each for each in order if each != known)]


async def settle_protocol(session: ClientSession, protocol: str) -> str:
    """Agree with a server that was just connected to; what it speaks.

    Raises what the session raises, and `TimeoutError`.
    """
    if protocol == Protocol.MODERN:
        session.adopt(newest_protocol())
    elif protocol == Protocol.UNKNOWN and await probe_protocol(session):
        protocol = Protocol.MODERN
    else:
        await begin_handshake(session)
    if protocol == Protocol.UNKNOWN:
        protocol = Protocol.HANDSHAKE
    return protocol


async def probe_protocol(session: ClientSession) -> bool:
    """Ask for the newest protocol; whether the server speaks it.

    Raises `MCPError` when it speaks only others that nobody here does, or is gone.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            raw = await session.send_discover(LATEST_MODERN_VERSION)
        found = types.DiscoverResult.model_validate(raw)
    except MCPError as error:
        if error.code == types.CONNECTION_CLOSED or is_of_the_future(error):
            raise
        return False
    except (TimeoutError, ValidationError):
        return False
    if not set(MODERN_PROTOCOL_VERSIONS) & set(found.supported_versions):
        return False
    session.adopt(found)
    return True


def is_of_the_future(error: MCPError) -> bool:
    """Whether a server names the protocols it speaks, and there is none among them we speak."""
    if error.code != UNSUPPORTED_PROTOCOL_VERSION:
        return False
    named = supported_versions(error)
    return bool(named) and not set(named) & {*HANDSHAKE_PROTOCOL_VERSIONS}


def newest_protocol() -> types.DiscoverResult:
    """What a server of the newest protocol says of itself, as far as it matters here."""
    return types.DiscoverResult(
        supported_versions=[LATEST_MODERN_VERSION],
        capabilities=types.ServerCapabilities(),
        result_type="complete",
        ttl_ms=0,
        cache_scope="public",
    )


async def begin_handshake(session: ClientSession) -> None:
    """Introduce ourselves as before the newest protocol, with an older version if need be."""
    try:
        result = await send_hello(session, LATEST_HANDSHAKE_VERSION)
    except MCPError as error:
        named = set(supported_versions(error)) & set(HANDSHAKE_PROTOCOL_VERSIONS)
        if not named and not VERSION.search(error.message):
            raise
        result = await send_hello(session, max(named, default=HANDSHAKE_PROTOCOL_VERSIONS[0]))
    session.adopt(result)
    await session.send_notification(types.InitializedNotification())


async def send_hello(session: ClientSession, version: str) -> types.InitializeResult:
    """Propose a version; what the server made of it.

    A version nobody knows is taken for the proposed one: the two calls we make are in each.
    """
    params = types.InitializeRequestParams(
        protocol_version=version, capabilities=types.ClientCapabilities(), client_info=US
    )
    result = await session.send_request(
        types.InitializeRequest(params=params), types.InitializeResult
    )
    if result.protocol_version not in HANDSHAKE_PROTOCOL_VERSIONS:
        result.protocol_version = version
    return result


def supported_versions(error: MCPError) -> list[str]:
    """The versions a server names when it refuses one."""
    data = error.data if isinstance(error.data, dict) else {}
    named = data.get("supported", data.get("supportedVersions"))
    return [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
