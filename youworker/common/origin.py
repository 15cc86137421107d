"""Where the work at hand comes from: the caller's address and API key, for audit and limits."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.dispatch import Signal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from uuid import UUID

    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Origin:
    """Who is at the other end of a connection; both parts are empty inside workers."""

    address: str = ""
    key_id: UUID | None = None


current: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 -- frozen

# Somebody was refused. The audit log listens: it stands above whatever refuses.
access_denied = Signal()


def origin() -> Origin:
    """The origin of the work at hand."""
    return current.get()


def note_key(key_id: UUID) -> None:
    """Remember which API key the caller showed."""
    current.set(replace(current.get(), key_id=key_id))


def report_denial(user: Any, *, route: str, method: str, status: int, code: str) -> None:
    """Say that somebody was refused; call it when the refused transaction is over.

    `route` is the pattern, not the path: ids and search words stay out.
    """
    access_denied.send(None, user=user, route=route, method=method, status=status, code=code)


class OriginMiddleware:
    """Notes the address of an HTTP request.

    `REMOTE_ADDR` is the client's, not the proxy's: `youworker.common.peers` saw to that.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        current.set(Origin(request.META.get("REMOTE_ADDR", "")))
        return self.get_response(request)


class OriginASGI:
    """Notes the address of a WebSocket."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        current.set(Origin((scope.get("client") or [""])[0]))
        await self.inner(scope, receive, send)
