"""HTTP that only reaches checked addresses, and reads no more than it was told to.

And how we introduce ourselves to other servers, and whose certificates we believe.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING

import certifi
import httpx2

from youworker.upstream.body_limits import AnswerPacked, limit_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from youworker.upstream.egress import Address

    Finder = Callable[[str, int], Awaitable[list[Address]]]

SCHEMES = {"http": 80, "https": 443}
ADDRESSES_TRIED = 3
USER_AGENT = "YouWorker/1"


@cache
def trusted_authorities() -> ssl.SSLContext:
    """The system's certificate authorities, so that a company's own count, and the usual ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Connects to the addresses that `find` gives for a host, without proxies of the environment.

    A name is looked up once for each request, so that what was checked is what is connected to.
    """

    def __init__(self, find: Finder) -> None:
        super().__init__(verify=trusted_authorities(), trust_env=False)
        self.find = find

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        failure: httpx2.ConnectError | None = None
        addresses = await self.find(url.host, url.port or SCHEMES.get(url.scheme, 0))
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return await super().handle_async_request(pinned(request, address))
            except httpx2.ConnectError as error:
                failure = error
        raise failure or httpx2.ConnectError(f"{url.host} has no address")


def pinned(request: httpx2.Request, address: Address) -> httpx2.Request:
    """The request, addressed to a number; name and certificate stay those of the URL."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
    )


class BoundedTransport(GuardedTransport):
    """The same with a limit on each body, in bytes."""

    def __init__(self, find: Finder, limit: int) -> None:
        super().__init__(find)
        self.limit = limit

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        try:
            limit_body(response, self.limit)
        except AnswerPacked:
            await response.aclose()
            raise
        return response
