"""Who is let in at all: addresses, hosts, and secrets that belong to somebody."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from accounts import services
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.network import in_networks, networks_of, parsed
from youworker.core.realtime.consumer import deny_handshake
from youworker.core.request_context import HEADER
from youworker.server.answers import error_body, error_headers
from youworker.server.request_lines import REFUSED, report_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]

logger = logging.getLogger(__name__)

# Load balancers and our own supervisor ask these; they tell nothing about anybody.
OPEN_PATHS = {"/health/live", "/health/ready"}
FIGURES = "/metrics"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]", ".localhost"]
WARNING_SECONDS = 60
# Addresses remembered for the sake of the log; a flood from many empties the memory.
REMEMBERED = 1000


class AccessMiddleware:
    """Refuses connections by address and host; `ProxyHeadersMiddleware` has to come before."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner
        self.warned: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.inner(scope, receive, send)
            return
        scope = by_our_name(scope)
        if scope["path"] not in OPEN_PATHS and not address_allowed(scope):
            self.warn((scope.get("client") or ["unknown"])[0])
            await refuse_request(scope, send, 403)
        elif not host_allowed(scope):
            await refuse_request(scope, send, 400)
        else:
            await self.inner(scope, receive, send)

    def warn(self, address: str) -> None:
        """Log a refused address, at most once a minute."""
        now = time.monotonic()
        if now - self.warned.get(address, -WARNING_SECONDS) < WARNING_SECONDS:
            return
        if len(self.warned) >= REMEMBERED:
            self.warned.clear()
        self.warned[address] = now
        logger.warning("refused a connection from %s, which is not in ALLOWED_NETWORKS", address)


def address_allowed(scope: Scope) -> bool:
    """Whether the client may be served; with a list, an unknown address may not."""
    networks = networks_of(config.security.allowed_networks)
    if not networks:
        return True
    client = scope.get("client")
    address = parsed(client[0]) if client else None
    return address is not None and in_networks(address, networks)


def host_allowed(scope: Scope) -> bool:
    """Whether the request names one of our hosts; HTTP/1.0 may leave the name out."""
    allowed = settings.ALLOWED_HOSTS or (LOCAL_HOSTS if settings.DEBUG else [])
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return all(validate_host(split_domain_port(host)[0], allowed) for host in hosts)


async def refuse_request(scope: Scope, send: Any, status: int) -> None:
    """Answer in the shape of the API; a socket is refused before it is accepted."""
    if scope["type"] == "websocket":
        await deny_handshake(send, status)
        return
    report_answer(scope.get("method", ""), REFUSED, status, 0.0)
    proposed = dict(scope["headers"]).get(HEADER.lower().encode(), b"").decode("latin-1")
    headers = error_headers(status, proposed, scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": error_body(status, scope["path"])})


async def has_known_secret(key: str, session: str) -> bool:
    """Whether an API key, or else a session, is somebody's; rights are looked at later."""
    return await run_in_thread(belongs_to_somebody, key, session)


def belongs_to_somebody(key: str, session: str) -> bool:
    """Whether the key opens something, or the session is of a user; reads the database."""
    if key:
        # Proxies have not been asked for the address yet, so a key's networks are looked at later.
        return services.opens_somewhere(key)
    return services.user_of_session(services.session_store()(session)) is not None


def by_our_name(scope: Scope) -> Scope:
    """The request as if it named one of our hosts, where a token opens the figures.

    In a cluster nobody knows the addresses of the processes beforehand, so no list can hold them.
    Without a token the name counts: a browser of this machine could be led here by another one.
    """
    if scope["type"] != "http" or scope["path"] != FIGURES or not config.security.metrics_token:
        return scope
    others = [pair for pair in scope["headers"] if pair[0] != b"host"]
    return {**scope, "headers": [(b"host", our_name().encode()), *others]}


def our_name() -> str:
    """A name that is answered for."""
    name = next(iter(settings.ALLOWED_HOSTS), "localhost")
    return "localhost" if name == "*" else name.removeprefix(".")
