"""What is known of the request at hand: its correlation id, the caller's address and key."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.dispatch import Signal

from youworker.core.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Correlation-ID"
PLAIN_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
current: ContextVar[str] = ContextVar("correlation_id", default="")


def correlation_id() -> str:
    """The id of the work at hand; empty outside any."""
    return current.get()


def accept_correlation_id(candidate: str | None) -> str:
    """The caller's id when it is a plain token of at most 64 characters, else a new one."""
    if candidate and PLAIN_TOKEN.fullmatch(candidate):
        return candidate
    return uuid7().hex


class CorrelationMiddleware:
    """Accepts or makes the id and puts it on every response."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self.acall(request)
        identifier = accept_correlation_id(request.headers.get(HEADER))
        current.set(identifier)
        return labelled(self.get_response(request), identifier)

    async def acall(self, request: HttpRequest) -> HttpResponseBase:
        """The asynchronous path."""
        identifier = accept_correlation_id(request.headers.get(HEADER))
        current.set(identifier)
        return labelled(await self.get_response(request), identifier)


def labelled(response: HttpResponseBase, identifier: str) -> HttpResponseBase:
    """`response` with the id in its header."""
    response[HEADER] = identifier
    return response


class CorrelationASGI:
    """Gives WebSocket connections an id, too."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        headers = {name.lower(): value for name, value in scope.get("headers", [])}
        candidate = headers.get(HEADER.lower().encode(), b"").decode("latin-1")
        current.set(accept_correlation_id(candidate))
        await self.inner(scope, receive, send)


def connect_celery() -> None:
    """Carry the id in task headers. These are Celery's signals, the only hook it has."""
    before_task_publish.connect(attach_to_message, weak=False)
    task_prerun.connect(take_from_message, weak=False)
    task_postrun.connect(forget, weak=False)


def attach_to_message(headers: dict[str, Any], **_: Any) -> None:
    """Put the sender's id into the headers of a task."""
    headers["correlation_id_of_cause"] = correlation_id()


def take_from_message(task: Any, **_: Any) -> None:
    """Continue under the sender's id."""
    sent = getattr(task.request, "correlation_id_of_cause", None)
    current.set(accept_correlation_id(sent))


def forget(**_: Any) -> None:
    """Leave no id for the next task of this process."""
    current.set("")


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Who is at the other end of a connection; both parts are empty inside workers."""

    address: str = ""
    key_id: UUID | None = None


current_origin: ContextVar[RequestOrigin] = ContextVar("origin", default=RequestOrigin())  # noqa: B039 -- frozen

# Somebody was refused. The audit log listens: it stands above whatever refuses.
access_denied = Signal()


def request_origin() -> RequestOrigin:
    """The origin of the work at hand."""
    return current_origin.get()


def note_key(key_id: UUID) -> None:
    """Remember which API key the caller showed."""
    current_origin.set(replace(current_origin.get(), key_id=key_id))


def report_denial(user: Any, *, route: str, method: str, status: int, code: str) -> None:
    """Say that somebody was refused; call it when the refused transaction is over.

    `route` is the pattern, not the path: ids and search words stay out.
    """
    access_denied.send(None, user=user, route=route, method=method, status=status, code=code)


class OriginMiddleware:
    """Notes the address of an HTTP request.

    `REMOTE_ADDR` is the client's, not the proxy's: `youworker.core.network` saw to that.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        current_origin.set(RequestOrigin(request.META.get("REMOTE_ADDR", "")))
        return self.get_response(request)


class OriginASGI:
    """Notes the address of a WebSocket."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        current_origin.set(RequestOrigin((scope.get("client") or [""])[0]))
        await self.inner(scope, receive, send)
