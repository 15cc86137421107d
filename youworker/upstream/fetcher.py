"""The one client for pages and files of other servers: checked addresses, hard limits."""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
from asgiref.sync import async_to_sync
from django.utils.translation import gettext_noop

from youworker.core import tracing
from youworker.core.exceptions import InvalidInput, TooLarge, UpstreamUnavailable
from youworker.core.request_context import HEADER, correlation_id
from youworker.upstream.body_limits import LARGER
from youworker.upstream.egress import find_permitted_addresses
from youworker.upstream.guard import SCHEMES, USER_AGENT, GuardedTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from youworker.upstream.guard import Finder

SILENT = gettext_noop("%(host)s did not answer: %(reason)s")
TOO_SLOW = gettext_noop("%(host)s did not answer completely within %(seconds)s s.")
REDIRECTS_TOO_OFTEN = gettext_noop("%(host)s redirects too often.")
REDIRECTS_TO_NONSENSE = gettext_noop("%(host)s redirects to something unreadable.")
REDIRECTS = {301, 302, 303, 307, 308}
KEEP_METHOD = {307, 308}
LONGEST_URL = 8192
# As letters of ASCII; names in other letters are in punycode there.
PLAIN_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*", re.I)
HIGHEST_PORT = 65_535
# RFC 1035, section 2.3.4, without the root's length byte and dot.
LONGEST_HOST = 253
# Not repeated to another server.
PERSONAL = {"authorization", "cookie", "proxy-authorization", "x-api-key"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything one fetch may take; the time covers all hops."""

    max_bytes: int = 10 * 1024 * 1024
    seconds: float = 20.0
    hops: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, after redirects."""

    url: str
    status: int
    headers: httpx2.Headers
    body: bytes
    redirects: tuple[str, ...] = ()

    @property
    def redirect(self) -> str:
        """Where a redirect that was not followed leads; empty for other answers.

        Raises `InvalidInput` and `UpstreamUnavailable` for what leads nowhere.
        """
        location = location_in(self.status, self.headers)
        return str(join_url(httpx2.URL(self.url), location)) if location else ""

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case."""
        declared: str = self.headers.get("content-type", "")
        return declared.partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, by its declared encoding, else UTF-8."""
        headers = [(k, v) for k, v in self.headers.items() if k != "content-encoding"]
        return httpx2.Response(self.status, headers=headers, content=self.body).text


@dataclass(slots=True)
class Asked:
    """What is sent, and how it changes from hop to hop."""

    method: str
    url: httpx2.URL
    headers: dict[str, str]
    content: bytes | None = None
    passed: list[str] = field(default_factory=list)

    def follow(self, status: int, location: str) -> None:
        """Turn into the request a redirect asks for."""
        self.passed.append(str(self.url))
        target = join_url(self.url, location)
        if status not in KEEP_METHOD and self.method != "HEAD":
            self.method, self.content = "GET", None
            self.headers.pop("content-type", None)
        if (target.scheme, target.host, target.port) != origin(self.url):
            for name in PERSONAL & set(self.headers):
                del self.headers[name]
        self.url = target


def fetch_url(url: str, **options: Any) -> Fetched:
    """Do what `fetch_url_async` does, for synchronous code."""
    return async_to_sync(fetch_url_async)(url, **options)


async def fetch_url_async(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    limits: Limits | None = None,
    find: Finder = find_permitted_addresses,
    follow: bool = True,
) -> Fetched:
    """Fetch `url`; any status is an answer, without `follow` also that of a redirect.

    `find` gives the addresses of a host that may be connected to. Only for hosts that the
    operator names, which may be private, is it another one than the default.

    Raises `InvalidInput` for what is not an http(s) URL, `EgressRefused` for addresses that
    are not public, `TooLarge`, and `UpstreamUnavailable` for silence, slowness and nonsense.
    """
    limits = limits or Limits()
    lowered = {name.lower(): value for name, value in (headers or {}).items()}
    asked = Asked(method.upper(), checked_url(url), lowered, content)
    try:
        async with asyncio.timeout(limits.seconds), client(find) as session:
            return await follow_redirects(session, asked, limits, follow=follow)
    except TimeoutError as error:
        about = {"host": asked.url.host, "seconds": f"{limits.seconds:g}"}
        raise UpstreamUnavailable(TOO_SLOW, **about) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, zlib.error) as error:
        reason = str(error) or type(error).__name__
        raise UpstreamUnavailable(SILENT, host=asked.url.host, reason=reason) from error


async def follow_redirects(
    session: httpx2.AsyncClient, asked: Asked, limits: Limits, *, follow: bool
) -> Fetched:
    """Follow redirects, each to an address that is checked anew."""
    while True:
        response = await send_request(session, asked)
        try:
            location = location_in(response.status_code, response.headers)
            if not location or not follow:
                # Nobody reads what stands beside the way to somewhere else.
                is_bare = location or asked.method == "HEAD"
                body = b"" if is_bare else await read_body(response, limits.max_bytes)
                status, received = response.status_code, response.headers
                return Fetched(str(asked.url), status, received, body, tuple(asked.passed))
        finally:
            await response.aclose()
        if len(asked.passed) >= limits.hops:
            raise UpstreamUnavailable(REDIRECTS_TOO_OFTEN, host=asked.url.host)
        asked.follow(response.status_code, location)


async def send_request(session: httpx2.AsyncClient, asked: Asked) -> httpx2.Response:
    """Send to the first checked address that can be connected to."""
    headers = {
        "user-agent": USER_AGENT,
        "accept-encoding": "gzip, deflate",
        HEADER.lower(): correlation_id(),
        **tracing.headers_for(asked.url.host),
        **asked.headers,
    }
    request = session.build_request(
        asked.method,
        asked.url,
        headers={name: value for name, value in headers.items() if value},
        content=asked.content,
    )
    return await session.send(request, stream=True)


async def read_body(response: httpx2.Response, most: int) -> bytes:
    """The body, unpacked; neither what is received nor what comes out may exceed `most`."""
    unpack = unpacker(response.headers.get("content-encoding", ""))
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        # One byte more than allowed is enough to know that it is too much.
        body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        if max(len(body), received) > most:
            raise TooLarge(LARGER, most=most)
    return bytes(body)


def unpacker(encoding: str) -> Any:
    """What undoes a content encoding; None for none."""
    kind = encoding.strip().lower()
    if kind in {"", "identity"}:
        return None
    if kind in {"gzip", "x-gzip", "deflate"}:
        # 32: recognise gzip and zlib by their first bytes.
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    raise UpstreamUnavailable(
        "The answer is packed in a way nobody asked for (%(kind)s).", kind=kind[:20]
    )


def checked_url(text: str) -> httpx2.URL:
    """`text` as a URL that may be fetched; raises `InvalidInput`."""
    try:
        url = httpx2.URL(text.strip()) if len(text) <= LONGEST_URL else None
        valid = url is not None and url.scheme in SCHEMES and has_plain_host(url)
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        url, valid = None, False
    if url is None or not valid:
        raise InvalidInput("This is not an http or https URL.", attr="url")
    if url.userinfo:
        raise InvalidInput("A URL may not contain a user name or password.", attr="url")
    return url


def has_plain_host(url: httpx2.URL) -> bool:
    """Whether a URL names a host by letters that every program reads alike, and a port, if any."""
    # Backslashes, blanks and percent signs end a host for one program and not for another.
    host = url.raw_host.decode("ascii")
    named = len(host) <= LONGEST_HOST and PLAIN_HOST.fullmatch(host) is not None
    return named and (url.port is None or 0 < url.port <= HIGHEST_PORT)


def join_url(base: httpx2.URL, location: str) -> httpx2.URL:
    """Where a redirect leads; raises `UpstreamUnavailable` for nonsense, and `InvalidInput`."""
    try:
        joined = base.join(location)
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise UpstreamUnavailable(REDIRECTS_TO_NONSENSE, host=base.host) from error
    return checked_url(str(joined))


def location_in(status: int, headers: httpx2.Headers) -> str:
    """What a redirect says about where it leads; empty for other answers."""
    location: str = headers.get("location", "") if status in REDIRECTS else ""
    return location


def origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port: what decides whether a server is the same one."""
    return url.scheme, url.host, url.port


def client(find: Finder) -> httpx2.AsyncClient:
    """A client that trusts neither the environment's proxies nor redirects."""
    # The clock is in `fetch_url_async`; a second one would only blur the message.
    return httpx2.AsyncClient(
        transport=GuardedTransport(find),
        trust_env=False,
        follow_redirects=False,
        timeout=None,
    )
