"""The client half of the official SDK, the only module that knows it.

Importing takes more than a second: services import this module when they need it.
"""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
from django.conf import settings
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, Implementation, Tool
from mcp_types.version import LATEST_MODERN_VERSION
from pydantic import ValidationError

from mcp.builtin.registry import build
from mcp.calls import ToolOutcome
from mcp.client import Client, InputRequiredRoundsExceededError
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.connection_pool import borrow_connection, evict_connection
from mcp.enums import Transport
from mcp.exceptions import ToolServerUnavailable
from mcp.listings import MOST_TOOLS, REFUSED, CheckedListings
from mcp.results import outcome_of
from mcp.shared.exceptions import MCPError
from youworker.core.config import config
from youworker.core.request_context import HEADER
from youworker.upstream.body_limits import AnswerTooLarge
from youworker.upstream.egress import find_named_addresses
from youworker.upstream.guard import BoundedTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
MOST_PAGES = 100
# Of one HTTP body: what is longer than a tool result is cut later, this protects the memory.
LARGEST_BODY = 16 * 1024 * 1024
# Framing and escaping make an answer longer than the text in it.
WIRE_FACTOR = 8
# Shorter values of headers and environments are words such as `1` or `on`.
SHORTEST_SECRET = 4
DEAD = (CONNECTION_CLOSED, REQUEST_TIMEOUT)
US = Implementation(name="youworker", version="1")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is and what opens its door; hashable, so that it names a connection."""

    slug: str
    transport: str
    url: str = ""
    argv: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A tool as a server describes it; the two flags are the server's own claim."""

    name: str
    description: str
    input_schema: dict[str, Any]
    reads_only: bool
    stays_inside: bool


@dataclass(slots=True)
class Listing:
    """The tools of a server, and the name and the fault of each that breaks the protocol."""

    tools: list[FoundTool] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


async def list_tools(endpoint: Endpoint) -> Listing:
    """Ask a server for its tools, all pages; raises `ToolServerUnavailable`."""
    try:
        with anyio.fail_after(config.mcp.call_timeout):
            async with open_connection(endpoint) as client:
                return await walk_tool_pages(client)
    except Exception as error:
        raise unavailable(endpoint, error) from error


async def walk_tool_pages(client: Client) -> Listing:
    """Walk the pages; a server that never ends them, or goes round in circles, is cut off."""
    found = Listing()
    cursor: str | None = None
    seen: set[str | None] = set()
    while cursor not in seen and len(seen) < MOST_PAGES:
        seen.add(cursor)
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        found.tools += map(described, page.tools)
        found.refused += (page.meta or {}).get(REFUSED, [])
        cursor = page.next_cursor
        if cursor is None or len(found.tools) + len(found.refused) > MOST_TOOLS:
            break
    return Listing(found.tools[:MOST_TOOLS], found.refused[:MOST_TOOLS])


def described(tool: Tool) -> FoundTool:
    """What is kept of a tool; without hints the worst is assumed, as the protocol says."""
    hints = tool.annotations
    return FoundTool(
        name=tool.name,
        description=tool.description or tool.title or "",
        input_schema=dict(tool.input_schema),
        reads_only=bool(hints and hints.read_only_hint),
        stays_inside=bool(hints and hints.open_world_hint is False),
    )


async def call(
    endpoint: Endpoint, tool: str, arguments: Mapping[str, Any], *, correlation_id: str
) -> ToolOutcome:
    """Call a tool once; raises `ToolServerUnavailable` when no answer came.

    An error the server answers with is an outcome: the server is alive.
    """
    limit = config.mcp.call_timeout
    try:
        with anyio.fail_after(limit):
            async with open_connection(endpoint, correlation_id) as client:
                result = await client.call_tool(tool, dict(arguments))
    except (InputRequiredRoundsExceededError, ValidationError, RuntimeError) as error:
        told = without_secrets(endpoint, str(error))
        return ToolOutcome(f"The tool's answer is not valid: {told}", is_error=True)
    except MCPError as error:
        if error.code in DEAD:
            raise unavailable(endpoint, error) from error
        return ToolOutcome(without_secrets(endpoint, error.message), is_error=True)
    except Exception as error:
        cause = innermost(error)
        if isinstance(cause, AnswerTooLarge):
            return ToolOutcome(str(cause), is_error=True)
        if isinstance(cause, TimeoutError):
            # A program that hangs would hang for the next caller as well.
            evict_connection(endpoint)
        raise unavailable(endpoint, error) from error
    return outcome_of(
        [block.model_dump(by_alias=True, mode="json") for block in result.content],
        result.structured_content,
        is_error=result.is_error,
        limit=config.mcp.result_bytes,
    )


def innermost(error: BaseException) -> BaseException:
    """What went wrong first in the tasks of a connection."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def unavailable(endpoint: Endpoint, error: BaseException) -> ToolServerUnavailable:
    """The refusal for a connection that failed."""
    cause = innermost(error)
    if isinstance(cause, TimeoutError):
        reason = f"no answer within {config.mcp.call_timeout:g} s"
    else:
        reason = str(cause).rstrip(".") or type(cause).__name__
    told = without_secrets(endpoint, reason)
    return ToolServerUnavailable(f"The tool server {endpoint.slug!r} is not available: {told}.")


def without_secrets(endpoint: Endpoint, text: str) -> str:
    """`text` without this server's secrets, which libraries quote: it is stored readable."""
    secrets = {value for _name, value in (*endpoint.headers, *endpoint.env)}
    # Servers quote a token without the scheme before it.
    secrets |= {token for value in secrets for token in value.split()[1:]}
    shapes = secrets | {repr(value)[1:-1] for value in secrets}
    # The longest first: a secret may be the beginning of another.
    for shape in sorted(shapes, key=len, reverse=True):
        if len(shape) >= SHORTEST_SECRET:
            text = text.replace(shape, "…")
    return text


@asynccontextmanager
async def open_connection(endpoint: Endpoint, correlation_id: str = "") -> AsyncIterator[Client]:
    """A connected client for one piece of work."""
    match endpoint.transport:
        case Transport.INPROCESS:
            # Without streams and in this task, so that context variables reach the tool.
            async with open_client(build(endpoint.slug), mode=LATEST_MODERN_VERSION) as client:
                yield client
        case Transport.HTTP:
            # One session per call: what a server remembers of a session is one user's.
            async with open_client(open_http_streams(endpoint, correlation_id)) as client:
                yield client
        case _:
            # A program takes long to start, and belongs to no user: it is kept for a while.
            async with borrow_connection(
                endpoint, lambda: open_client(prepare_program(endpoint))
            ) as (pooled, client):
                try:
                    yield client
                except MCPError as error:
                    if error.code == CONNECTION_CLOSED:
                        pooled.close()
                    raise


@asynccontextmanager
async def open_client(peer: Any, *, mode: str = "auto") -> AsyncIterator[Client]:
    """A client that caches nothing: descriptions are compared, not trusted."""
    async with Client(peer, mode=mode, cache=None, client_info=US) as client:
        CheckedListings(client)
        yield client


@asynccontextmanager
async def open_http_streams(endpoint: Endpoint, correlation_id: str) -> AsyncIterator[Any]:
    """Streamable HTTP with this server's headers only; the SDK stays within the origin."""
    headers = dict(endpoint.headers)
    if correlation_id:
        headers[HEADER] = correlation_id
    limits = httpx2.Timeout(config.mcp.call_timeout, connect=CONNECT_SECONDS)
    transport = BoundedTransport(
        find_named_addresses, max(LARGEST_BODY, config.mcp.result_bytes * WIRE_FACTOR)
    )
    async with (
        httpx2.AsyncClient(headers=headers, timeout=limits, transport=transport) as http,
        streamable_http_client(endpoint.url, http_client=http) as streams,
    ):
        yield streams


def prepare_program(endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    """A program of the operator, with nothing of ours in its environment or directory."""
    folder = Path(settings.DATA_DIR) / "mcp" / endpoint.slug
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command, *arguments = endpoint.argv
    # The SDK passes on HOME, LOGNAME, PATH, SHELL, TERM and USER, and then these.
    started = StdioServerParameters(
        command=command, args=arguments, env=dict(endpoint.env), cwd=folder
    )
    return stdio_client(started, errlog=sys.__stderr__ or sys.stderr)
