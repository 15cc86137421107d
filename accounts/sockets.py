"""Who is opening a WebSocket: refused before it is accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.http.request import validate_host

from accounts import services
from accounts.tickets import Caller, redeem_ticket
from youworker.core.db import run_in_thread
from youworker.core.network import shown_key
from youworker.core.realtime.consumer import deny_handshake
from youworker.core.request_context import note_key

Scope = MutableMapping[str, Any]
Inner = Callable[[Scope, Any, Any], Awaitable[None]]


class SocketAuthentication:
    """Puts `user`, `api_key` and `grant` into the scope, or answers 401 or 403.

    Accepted are an API key in `Authorization`, a single-use `?ticket=`, or the session cookie.
    """

    def __init__(self, inner: Inner) -> None:
        self.with_session = CookieMiddleware(SessionMiddleware(self.recognise))
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        await self.with_session(scope, receive, send)

    async def recognise(self, scope: Scope, receive: Any, send: Any) -> None:
        """Find out who is calling and hand over."""
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not origin_allowed(headers):
            await deny_handshake(send, 403, scope=scope)
            return
        caller = await run_in_thread(caller_of, scope, headers)
        if caller is None:
            await deny_handshake(send, 401, scope=scope)
            return
        if caller.key is not None:
            note_key(caller.key.pk)
        known = {"user": caller.user, "api_key": caller.key, "grant": caller.grant}
        await self.inner({**scope, **known}, receive, send)


def caller_of(scope: Scope, headers: dict[bytes, str]) -> Caller | None:
    """The user behind a connection, and what lets them in."""
    secret = shown_key(headers.get(b"authorization", ""), headers.get(b"x-api-key"))
    if secret:
        found = services.user_of_key(secret)
        return Caller.by_key(*found) if found else None
    ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket")
    if ticket:
        return redeem_ticket(ticket[0])
    return Caller.by_session(scope["session"])


def origin_allowed(headers: dict[bytes, str]) -> bool:
    """Browsers send an Origin, which must be ours; other clients send none."""
    origin = headers.get(b"origin")
    if origin is None:
        return True
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = headers.get(b"host", "")
    allowed = settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
    parts = urlsplit(origin)
    return parts.netloc == host and validate_host(parts.hostname or "", allowed)
