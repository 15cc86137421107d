"""One line and one count for each request: its route, its status, its duration, who asked.

Neither holds the path, which may contain anything: the pattern is told, and ids in it.
"""

from __future__ import annotations

import logging
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils.functional import LazyObject, empty

from youworker.core import tracing
from youworker.core.metrics.process import REQUEST_SECONDS, REQUESTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from django.http import HttpRequest, HttpResponseBase

    from youworker.core.tracing import Span

logger = logging.getLogger("youworker.requests")

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Asked for every few seconds by programs, or many for one page.
FREQUENT = ("health/live", "health/ready", "metrics", "static")
# What no view has seen: a flood of it must not fill the log.
REFUSED = "refused"
SERVER_ERROR = 500
NO_IDS: Mapping[str, str] = MappingProxyType({})


class RequestLinesMiddleware:
    """Tells of every request; stands before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        parent = request.META.get("HTTP_TRACEPARENT") or tracing.NONE
        with tracing.span("http request", parent=parent) as span:
            answer: HttpResponseBase = self.get_response(request)
            if tracing.tracer is not None:
                tell_request(span, request, answer.status_code)
        report_request(request, answer.status_code, time.perf_counter() - began)
        return answer


def tell_request(span: Span, request: HttpRequest, status: int) -> None:
    """Say in its span what was asked for, as in its line."""
    route, method = route_of(request), method_of(request.method)
    if route in FREQUENT and status < SERVER_ERROR:
        span.drop()
    span.rename(f"{method} {route}")
    span.note(method=method, route=route, status=status, **ids_of(request))
    if status >= SERVER_ERROR:
        span.end(error=str(status))


def report_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count and log a request that was answered, as far as the start of its answer."""
    report_answer(request.method or "", route_of(request), status, seconds, ids_of(request))


def report_answer(
    method: str, route: str, status: int, seconds: float, ids: Mapping[str, str] = NO_IDS
) -> None:
    """Count and log an answer that begins."""
    method = method_of(method)
    REQUESTS.labels(method, route, f"{status // 100}xx").inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    is_quiet = route == REFUSED or (route in FREQUENT and status < SERVER_ERROR)
    level = logging.DEBUG if is_quiet else logging.INFO
    if logger.isEnabledFor(level):
        about = {"method": method, "route": route, "status": status, **ids}
        logger.log(level, "request", extra={**about, "duration_ms": round(seconds * 1000, 1)})


def method_of(method: str | None) -> str:
    """A method there is; anything else is told as one."""
    return method if method in METHODS else "other"


class RequestLinesASGI:
    """Tells of the requests of an application that is no view, as those of one route."""

    def __init__(self, inner: Callable[..., Awaitable[None]], route: str) -> None:
        self.inner, self.route = inner, route

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        began = time.perf_counter()

        async def send_and_tell(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - began
                report_answer(scope["method"], self.route, message["status"], seconds)
            await send(message)

        said = dict(scope.get("headers", ())).get(b"traceparent", b"").decode("latin-1")
        about = {"method": method_of(scope["method"]), "route": self.route}
        with tracing.span("http request", parent=said or tracing.NONE, **about):
            await self.inner(scope, receive, send_and_tell)


def route_of(request: HttpRequest) -> str:
    """The pattern that the address fits; there are only so many."""
    if request.resolver_match is not None:
        return request.resolver_match.route
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "unmatched"


def ids_of(request: HttpRequest) -> dict[str, str]:
    """The ids in the address and that of the user, as far as anybody asked who that is."""
    match = request.resolver_match
    found = {} if match is None else match.kwargs
    ids = {name: str(value) for name, value in found.items() if isinstance(value, UUID | int)}
    user: Any = request.__dict__.get("user")
    if user is None or (isinstance(user, LazyObject) and user.__dict__["_wrapped"] is empty):
        return ids
    return ids if user.pk is None else {**ids, "user_id": str(user.pk)}
