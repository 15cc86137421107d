"""Sessions with tool servers, each opened in a protocol the server speaks."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import anyio
import httpx2
import mcp_types as types
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

from mcp.client.session import ClientSession
from mcp.connection_pool import borrow_connection, evict_connection
from mcp.enums import Protocol, Transport
from mcp.listings import CheckedAnswers
from mcp.negotiation import US, protocols_to_try, settle_protocol
from mcp.programs import install_limits
from mcp.shared.exceptions import MCPError
from mcp.transports import NotLetIn, heard, open_streams
from mcp.wire import install_reader
from youworker.core.exceptions import DomainError
from youworker.upstream.body_limits import AnswerTooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mcp.descriptions import Endpoint

    Work = Callable[[ClientSession], Awaitable["T"]]

T = TypeVar("T")

# Nobody answered: what servers mean by these numbers has others by now.
DEAD = (CONNECTION_CLOSED, REQUEST_TIMEOUT)
# What a server of before answers to a request that no handshake came before.
NOT_BEGUN = (types.UNSUPPORTED_PROTOCOL_VERSION, types.INVALID_REQUEST)
NO_HANDSHAKE = re.compile(r"initiali[sz]|protocol version|invalid request parameters", re.I)
LONGEST_SEARCHED = 500
FAREWELL_SECONDS = 0.8
SESSION_OVER = re.compile(
    r"session[^.]{0,40}(?:not found|terminated|expired|does not exist|invalid|unknown)"
    r"|(?:invalid|unknown|no valid|missing) session",
    re.I,
)
# No other protocol helps against these.
UNREACHABLE = (
    httpx2.ConnectError,
    httpx2.UnsupportedProtocol,
    httpx2.InvalidURL,
    AnswerTooLarge,
    NotLetIn,
    FileNotFoundError,
    PermissionError,
    DomainError,
)

install_reader()
install_limits()


class NoSession(Exception):
    """A server with which no session could be begun; the message is its own, or a library's."""


async def hold_session(
    endpoint: Endpoint,
    work: Work[T],
    correlation_id: str = "",
) -> tuple[T, str]:
    """Do one piece of work in a session; what came of it, and what the server speaks.

    Once more in a new session when the server did not take the first one, and so did nothing.
    """
    try:
        return await try_work(endpoint, work, correlation_id)
    except MCPError as error:
        if not was_not_begun(endpoint, error):
            raise
    evict_connection(pool_key(endpoint))
    return await try_work(replace(endpoint, protocol=Protocol.UNKNOWN), work, correlation_id)


async def try_work(endpoint: Endpoint, work: Work[T], correlation_id: str) -> tuple[T, str]:
    """Do one piece of work in a session; raises the server's error itself, not in a group."""
    failure: MCPError
    async with open_connection(endpoint, correlation_id) as (session, protocol):
        try:
            return await work(session), protocol
        except MCPError as error:
            failure = error
    if failure.code in DEAD:
        evict_connection(pool_key(endpoint))
    raise failure


def was_not_begun(endpoint: Endpoint, error: MCPError) -> bool:
    """Whether a server refused the session of a request, not the request."""
    said = error.message[:LONGEST_SEARCHED]
    if error.code in DEAD:
        return False
    if endpoint.protocol == Protocol.MODERN:
        return error.code in NOT_BEGUN or bool(NO_HANDSHAKE.search(said))
    return endpoint.transport == Transport.HTTP and bool(SESSION_OVER.search(said))


def pool_key(endpoint: Endpoint) -> Endpoint:
    """What names the connection to a program, whatever it speaks."""
    return replace(endpoint, protocol=Protocol.UNKNOWN)


@asynccontextmanager
async def open_connection(
    endpoint: Endpoint, correlation_id: str = ""
) -> AsyncIterator[tuple[ClientSession, str]]:
    """A session for one piece of work, and the protocol that is spoken in it."""
    match endpoint.transport:
        case Transport.HTTP:
            # One session per call: what a server remembers of a session is one user's.
            async with telling_the_end(), open_session(endpoint, correlation_id) as opened:
                try:
                    yield opened
                except asyncio.CancelledError:
                    if opened[1] != Protocol.MODERN:
                        await wait_until_heard()
                    raise
        case _:
            # A program takes long to start, and belongs to no user: it is kept for a while.
            key = pool_key(endpoint)
            async with borrow_connection(key, lambda: open_session(endpoint)) as (_, opened):
                yield opened


@asynccontextmanager
async def telling_the_end() -> AsyncIterator[None]:
    """Let the requests inside note that the server has heard of the end of a call."""
    token = heard.set(asyncio.Event())
    try:
        yield
    finally:
        heard.reset(token)


async def wait_until_heard() -> None:
    """Wait a moment for a server to hear that a call was given up.

    The SDK says so, and would be closed before that is sent. In the newest protocol the end of the
    connection says it.
    """
    event = heard.get()
    with anyio.CancelScope(shield=True), anyio.move_on_after(FAREWELL_SECONDS):
        if event is not None:
            await event.wait()


@asynccontextmanager
async def open_session(
    endpoint: Endpoint, correlation_id: str = ""
) -> AsyncIterator[tuple[ClientSession, str]]:
    """A session in a protocol the server speaks: the one it spoke last, else the others.

    Raises `NoSession` with what the first of the failed attempts said, or what tells at once that
    nothing else would help.
    """
    failure: Exception | None = None
    for protocol in protocols_to_try(endpoint.transport, endpoint.protocol):
        try:
            stack, session, spoken = await enter_session(endpoint, protocol, correlation_id)
        # Whatever a server of before makes of a question it does not know.
        except Exception as error:
            failure = failure or error
            if isinstance(innermost(error), UNREACHABLE):
                raise
        else:
            async with stack:
                yield session, spoken
            return
    raise NoSession(str(innermost(failure or NoSession()))) from failure


async def enter_session(
    endpoint: Endpoint, protocol: str, correlation_id: str
) -> tuple[AsyncExitStack, ClientSession, str]:
    """Connect and agree on a protocol; the stack closes what was opened."""
    async with AsyncExitStack() as stack:
        reading, writing = await stack.enter_async_context(
            open_streams(endpoint, protocol, correlation_id)
        )
        session = await stack.enter_async_context(ClientSession(reading, writing, client_info=US))
        CheckedAnswers(session)
        spoken = await settle_protocol(session, protocol)
        return stack.pop_all(), session, spoken
    raise AssertionError  # The stack does not swallow exceptions.


def innermost(error: BaseException) -> BaseException:
    """What went wrong first in the tasks of a connection."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
