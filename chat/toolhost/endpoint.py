"""`/mcp` over streamable HTTP: who may call, within which bounds; the SDK speaks the protocol.

There are no sessions: any web process answers any message. The SDK is imported with the first one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from accounts import services as accounts
from accounts.services import access_by, grant_of
from accounts.sockets import origin_allowed
from chat.toolhost.refusals import (
    Refused,
    not_authenticated,
    send_refusal,
    throttled,
    without_scope,
    wrong_method,
)
from mcp.calls import CallContext, use_call_context
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.db import run_in_thread
from youworker.core.exceptions import RateLimited, Unavailable
from youworker.core.network import shown_key
from youworker.core.realtime.revocation import Revoked, until_revoked
from youworker.core.request_context import correlation_id, note_key, report_denial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from accounts.models import ApiKey, User

    Scope = MutableMapping[str, Any]

logger = logging.getLogger(__name__)

SCOPE = "tools"
# Larger than any question; documents come in by other ways.
LARGEST_BODY = 1_048_576
# At once: each may hold a thread of the database, and an answer that is being made.
MOST_OF_ONE = 8
MOST = 64
BUSY_SECONDS = 5
DENIALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)


@dataclass(slots=True)
class ToolHost:
    """An ASGI application that offers one server of tools to holders of API keys.

    `build` makes the SDK's server, with its gate; it is called once, in a thread.
    """

    build: Callable[[], Any]
    route: str = "/mcp"
    held: Counter[Any] = field(default_factory=Counter)
    built: Any = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request."""
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        caller: tuple[User, ApiKey] | None = None
        try:
            require_origin(headers)
            caller = await run_in_thread(recognise, headers)
            user, key = caller
            note_key(key.pk)
            require_message(scope["method"])
            await run_in_thread(count_request, user)
            with self.room_for(key.pk):
                await self.serve(scope, receive, send, user, key)
        except Refused as refusal:
            if refusal.status in DENIALS and not refusal.audited:
                await run_in_thread(note_denial, refusal, caller, self.route, scope["method"])
            await send_refusal(refusal, send)

    @contextmanager
    def room_for(self, key_id: Any) -> Iterator[None]:
        """Count a request while it is answered; raises `Refused` for one too many."""
        if self.held[key_id] >= MOST_OF_ONE or self.held.total() >= MOST:
            raise throttled("Too many calls at once; try again in some seconds.", BUSY_SECONDS)
        self.held[key_id] += 1
        try:
            yield
        finally:
            self.held[key_id] -= 1
            if not self.held[key_id]:
                del self.held[key_id]

    async def serve(self, scope: Scope, receive: Any, send: Any, user: User, key: ApiKey) -> None:
        """Hand the request to the SDK as its user, until the key ends."""
        context = CallContext(
            user_id=user.pk,
            correlation_id=correlation_id(),
            language=user.language,
            time_zone=user.time_zone,
            key_id=key.pk,
        )
        outgoing = Outgoing(send)
        answer = partial(self.answer, scope, receive, outgoing)
        with until_revoked(access_by(grant_of(user, key=key))) as revocable:
            try:
                with use_call_context(context):
                    await revocable.wait_for(answer)
            except Revoked as error:
                if not outgoing.begun:
                    raise not_authenticated(shown=True, audited=True) from error
                await outgoing.end()

    async def answer(self, scope: Scope, receive: Any, send: Any) -> None:
        """Let the SDK answer, with a manager that lives as long as the request."""
        if self.built is None:
            self.built = await asyncio.to_thread(self.build)
        from mcp.server.streamable_http_manager import (  # noqa: PLC0415 -- takes a second
            StreamableHTTPSessionManager,
        )

        manager = StreamableHTTPSessionManager(
            self.built, stateless=True, max_request_body_size=LARGEST_BODY
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)


class Outgoing:
    """What is sent, and whether it has begun."""

    def __init__(self, send: Any) -> None:
        self.send = send
        self.begun = False

    async def __call__(self, message: dict[str, Any]) -> None:
        """Send a message of the application."""
        self.begun = True
        await self.send(message)

    async def end(self) -> None:
        """End a stream that has begun."""
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})


def require_origin(headers: dict[bytes, str]) -> None:
    """Raise `Refused` for a page of another site: names can be made to lead to this machine."""
    if not origin_allowed(headers):
        raise Refused(HTTPStatus.FORBIDDEN, "bad_origin", "Pages of this origin may not call.")


def require_message(method: str) -> None:
    """Raise `Refused` for the methods that belong to sessions."""
    if method != "POST":
        raise wrong_method()


def recognise(headers: dict[bytes, str]) -> tuple[User, ApiKey]:
    """Whose key a request shows; cookies count for nothing here. Raises `Refused`."""
    secret = shown_key(headers.get(b"authorization", ""), headers.get(b"x-api-key"))
    found = accounts.user_of_key(secret) if secret else None
    if found is None:
        # Refusing a key we know wrote a line of its own, with the reason.
        known = bool(secret) and accounts.is_known_key(secret or "")
        raise not_authenticated(shown=bool(secret), audited=known)
    if SCOPE not in found[1].scopes:
        raise without_scope()
    return found


def count_request(user: User) -> None:
    """Count a request of a user's key; raises `Refused` for one too many."""
    try:
        check_rate_limit("VERY_HIGH", user)
    except RateLimited as error:
        raise throttled(error.message, error.wait) from error
    except Unavailable as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, error.code, error.message) from error


def note_denial(
    refusal: Refused, caller: tuple[User, ApiKey] | None, route: str, method: str
) -> None:
    """Write down that somebody was refused."""
    user = caller[0] if caller else None
    report_denial(user, route=route, method=method, status=int(refusal.status), code=refusal.code)
