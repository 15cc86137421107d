"""How tool servers are reached: programs, streamable HTTP, and server-sent events of before."""

from __future__ import annotations

import re
import sys
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from django.conf import settings

from mcp.client.auth.utils import extract_field_from_www_auth
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.enums import Protocol, Transport
from youworker.core.config import config
from youworker.core.request_context import HEADER
from youworker.upstream.egress import find_named_addresses
from youworker.upstream.guard import BoundedTransport

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from mcp.descriptions import Endpoint

CONNECT_SECONDS = 10.0
# Of one HTTP body: what is longer than a tool result is cut later, this protects the memory.
LARGEST_BODY = 16 * 1024 * 1024
# Framing and escaping make an answer longer than the text in it.
WIRE_FACTOR = 8
FIRST_SERVER_ERROR = 500
UNAUTHORIZED, FORBIDDEN = 401, 403
SCOPE = re.compile(r"[\x21-\x7e ]{1,500}")
CANCELLED = b'"notifications/cancelled"'


# Set once a server has heard that a call was given up.
heard: ContextVar[asyncio.Event | None] = ContextVar("mcp_cancellation_heard", default=None)


def open_streams(
    endpoint: Endpoint, protocol: str, correlation_id: str
) -> AbstractAsyncContextManager[Any]:
    """The two streams of a connection."""
    if endpoint.transport == Transport.STDIO:
        return prepare_program(endpoint)
    if protocol == Protocol.SSE:
        return sse_client(
            endpoint.url,
            timeout=config.mcp.call_timeout,
            sse_read_timeout=config.mcp.call_timeout,
            httpx_client_factory=lambda *_, **__: http_client(endpoint, correlation_id),
        )
    return open_http_streams(endpoint, correlation_id)


@asynccontextmanager
async def open_http_streams(endpoint: Endpoint, correlation_id: str) -> AsyncIterator[Any]:
    """Streamable HTTP with this server's headers only; the SDK stays within the origin."""
    async with (
        http_client(endpoint, correlation_id) as http,
        streamable_http_client(endpoint.url, http_client=http) as streams,
    ):
        yield streams


def http_client(endpoint: Endpoint, correlation_id: str) -> httpx2.AsyncClient:
    """A client that sends the headers of one server, and reads no more than a result may have."""
    headers = dict(endpoint.headers)
    if correlation_id:
        headers[HEADER] = correlation_id
    limits = httpx2.Timeout(config.mcp.call_timeout, connect=CONNECT_SECONDS)
    transport = BoundedTransport(
        find_named_addresses, max(LARGEST_BODY, config.mcp.result_bytes * WIRE_FACTOR)
    )
    hooks = [note_cancellation, check_status]
    if endpoint.signs_in:
        hooks.insert(0, check_sign_in)
    return httpx2.AsyncClient(
        headers=headers,
        timeout=limits,
        transport=transport,
        event_hooks={"response": hooks},
    )


async def note_cancellation(response: httpx2.Response) -> None:
    """Say that the server has heard of the end of a call; whoever ended it waits for that."""
    event = heard.get()
    if event is not None and CANCELLED in response.request.content:
        event.set()


class NotLetIn(httpx2.RequestError):
    """The server wants another token, or any; where it says so, one with this `scope`."""

    scope = ""


async def check_sign_in(response: httpx2.Response) -> None:
    """Raise for a server that does not let the user in; the SDK would begin to guess protocols."""
    challenge = response.headers.get("www-authenticate", "")
    if response.status_code == UNAUTHORIZED or (
        response.status_code == FORBIDDEN and "insufficient_scope" in challenge
    ):
        refusal = NotLetIn(f"status {response.status_code}", request=response.request)
        wanted = extract_field_from_www_auth(response, "scope") or ""
        if response.status_code == FORBIDDEN and SCOPE.fullmatch(wanted):
            refusal.scope = wanted
        raise refusal


async def check_status(response: httpx2.Response) -> None:
    """Raise for a server that is broken; the SDK takes a page about it for an answer of the tool.

    An error in the words of the protocol is one, whatever its status.
    """
    is_worded = "json" in response.headers.get("content-type", "")
    if response.status_code >= FIRST_SERVER_ERROR and not is_worded:
        raise httpx2.RequestError(f"status {response.status_code}", request=response.request)


def prepare_program(endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    """A program of the operator, with nothing of ours in its environment or directory."""
    folder = Path(settings.DATA_DIR) / "mcp" / endpoint.slug
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command, *arguments = endpoint.argv
    # The SDK passes on HOME, LOGNAME, PATH, SHELL, TERM and USER, and then these.
    started = StdioServerParameters(
        command=command,
        args=arguments,
        env=dict(endpoint.env),
        cwd=folder,
        encoding_error_handler="replace",
    )
    return stdio_client(started, errlog=sys.__stderr__ or sys.stderr)
