"""The one client of model servers: chat, embeddings and lists of models.

A program of its own (OpenAI's library) would take 25 MB and half a second of CPU in each process
for what is a POST with a key: answers are read by us in any case, because of their limits.
"""

from __future__ import annotations

import json
import time
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING, Any

import httpx2
import orjson

from youworker.core import tracing
from youworker.core.exceptions import DomainError
from youworker.core.per_loop import PerLoop, Stage
from youworker.core.request_context import HEADER, correlation_id
from youworker.upstream.body_limits import limit_body
from youworker.upstream.egress import find_named_addresses
from youworker.upstream.endpoint import Capability
from youworker.upstream.errors import TRANSPORT_ERRORS, StatusError
from youworker.upstream.guard import USER_AGENT, GuardedTransport, trusted_authorities
from youworker.upstream.network import connect_by_loop

if TYPE_CHECKING:
    from youworker.upstream.egress import Address
    from youworker.upstream.endpoint import Endpoint

WRITE_SECONDS = 30.0
# As many as a process makes answers at a time, and more; idle connections cost the server.
CONNECTIONS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
# More than any reason needs; the rest is not read.
LONGEST_ERROR = 65_536
# What an answer may have, in bytes; stands beside the request while it follows redirects.
LONGEST = "longest"
PROBE_SECONDS = 2.0
NO_LIST = {404, 405}


async def close_pool(pool: dict[Endpoint, httpx2.AsyncClient]) -> None:
    """Close the clients of an event loop."""
    async with AsyncExitStack() as closings:
        for client in pool.values():
            closings.push_async_callback(client.aclose)


pools: PerLoop[dict[Endpoint, httpx2.AsyncClient]] = PerLoop(
    dict, close=close_pool, stage=Stage.CONNECTION
)


def async_client(endpoint: Endpoint) -> httpx2.AsyncClient:
    """The client of the running event loop for one endpoint; its reader keeps the time."""
    pool = pools.get()
    if endpoint not in pool:
        connect = endpoint.timeouts.connect
        client = httpx2.AsyncClient(
            headers=headers_of(endpoint),
            timeout=httpx2.Timeout(connect=connect, read=None, write=WRITE_SECONDS, pool=connect),
            limits=CONNECTIONS,
            follow_redirects=not endpoint.socket,
            event_hooks={"response": [limit_async]},
            verify=trusted_authorities(),
            transport=async_transport(endpoint),
        )
        connect_by_loop(client)
        pool[endpoint] = client
    return pool[endpoint]


class NamedTransport(GuardedTransport):
    """Connects to whatever address staff named, except for the link of the machine."""

    def __init__(self) -> None:
        httpx2.AsyncHTTPTransport.__init__(
            self, verify=trusted_authorities(), trust_env=False, limits=CONNECTIONS
        )
        self.find = find_addresses


async def find_addresses(host: str, port: int) -> list[Address]:
    """The addresses of a server; what is refused or unknown is a server that is not there."""
    try:
        return await find_named_addresses(host, port)
    except DomainError as error:
        raise httpx2.ConnectError(error.message) from error


def sync_client(endpoint: Endpoint, *, seconds: float | None = None) -> httpx2.Client:
    """A client for threads, which the caller closes."""
    return httpx2.Client(
        headers=headers_of(endpoint),
        timeout=seconds or endpoint.timeouts.total,
        follow_redirects=not endpoint.socket,
        event_hooks={"response": [limit]},
        verify=trusted_authorities(),
        transport=sync_transport(endpoint),
    )


def async_transport(endpoint: Endpoint) -> httpx2.AsyncHTTPTransport | None:
    """The way to an endpoint that is not reached like others, whatever proxies are named."""
    if not endpoint.socket:
        return NamedTransport() if endpoint.is_guarded else None
    # Without authorities it would load some, which costs an event loop 50 ms.
    return httpx2.AsyncHTTPTransport(
        verify=trusted_authorities(), limits=CONNECTIONS, uds=endpoint.socket
    )


def sync_transport(endpoint: Endpoint) -> httpx2.HTTPTransport | None:
    """Do what `async_transport` does, for threads."""
    if not endpoint.socket:
        return None
    return httpx2.HTTPTransport(verify=trusted_authorities(), uds=endpoint.socket)


def headers_of(endpoint: Endpoint) -> dict[bytes, bytes]:
    """What every request carries. Redirects to another server lose the key."""
    # Unpacked, an answer could be a thousand times as long as what came.
    headers = {b"Accept-Encoding": b"identity", b"User-Agent": USER_AGENT.encode()}
    if endpoint.key:
        headers[b"Authorization"] = b"Bearer " + endpoint.key.encode()
    return headers


def limit(response: httpx2.Response) -> None:
    """Bound what is read of an answer; of an error, the beginning is enough."""
    longest = response.request.extensions[LONGEST]
    if response.is_success:
        limit_body(response, longest)
    else:
        limit_body(response, LONGEST_ERROR, cut=True)


async def limit_async(response: httpx2.Response) -> None:
    """Do what `limit` does, where event loops ask for it."""
    limit(response)


async def open_answer(
    endpoint: Endpoint, path: str, body: dict[str, Any] | None = None, *, longest: int
) -> httpx2.Response:
    """Send a request (`POST` when there is a body), and receive the head of its answer.

    The caller closes it. Raises `StatusError` and `TRANSPORT_ERRORS`.
    """
    client = async_client(endpoint)
    request = request_for(client, endpoint, path, body, longest)
    response = await client.send(request, stream=True)
    if response.is_success:
        return response
    try:
        content = await response.aread()
    finally:
        await response.aclose()
    raise StatusError(response.status_code, response.headers, content, key=endpoint.key)


async def read_answer(
    endpoint: Endpoint, path: str, body: dict[str, Any] | None = None, *, longest: int
) -> bytes:
    """The whole answer to a request; raises what `open_answer` does."""
    response = await open_answer(endpoint, path, body, longest=longest)
    try:
        return await response.aread()
    finally:
        await response.aclose()


def read_answer_in_thread(
    client: httpx2.Client, endpoint: Endpoint, path: str, body: dict[str, Any], *, longest: int
) -> bytes:
    """Do what `read_answer` does, blocking, within the endpoint's total time."""
    deadline = time.monotonic() + endpoint.timeouts.total
    response = client.send(request_for(client, endpoint, path, body, longest), stream=True)
    content = bytearray()
    with closing(response):
        for chunk in response.iter_raw():
            content += chunk
            # A server that sends a byte now and then never runs into the client's own clock.
            if time.monotonic() > deadline:
                raise httpx2.ReadTimeout("The answer took too long.", request=response.request)
    if not response.is_success:
        raise StatusError(response.status_code, response.headers, bytes(content), key=endpoint.key)
    return bytes(content)


def request_for(
    client: httpx2.AsyncClient | httpx2.Client,
    endpoint: Endpoint,
    path: str,
    body: dict[str, Any] | None,
    longest: int,
) -> httpx2.Request:
    """A request of ours, under the number of what it is made for."""
    identifier, address = correlation_id(), httpx2.URL(endpoint.address_of(path))
    headers = {HEADER: identifier} if identifier else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return client.build_request(
        "GET" if body is None else "POST",
        address,
        content=None if body is None else encoded(body),
        headers={**headers, **tracing.headers_for(address.host)},
        extensions={LONGEST: longest},
    )


def encoded(body: dict[str, Any]) -> bytes:
    """A body in JSON: descriptions of tools are most of it, for which the library takes long."""
    try:
        return orjson.dumps(body)
    except TypeError:
        # A number of more than 64 bits.
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def unreachable(endpoint: Endpoint) -> str:
    """Why the list of models is not given; empty when it is."""
    try:
        with sync_client(endpoint, seconds=PROBE_SECONDS) as client:
            request = request_for(client, endpoint, "models", None, LONGEST_ERROR)
            # Only the head is read: a list without end must not hold up the start.
            answer = client.send(request, stream=True)
            answer.close()
    except (*TRANSPORT_ERRORS, OSError) as error:
        return str(error) or type(error).__name__
    # Rerankers need not have such a list; that one answers is all there is to know.
    is_listless = endpoint.capability == Capability.RERANK and answer.status_code in NO_LIST
    return "" if answer.is_success or is_listless else f"status {answer.status_code}"
