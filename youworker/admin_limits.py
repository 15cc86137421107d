"""Rate limits of the admin's pages, which are no views of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import ValidationError
from django.urls import reverse

from youworker.common.exceptions import DomainError, RateLimited
from youworker.common.limits import limit
from youworker.errors import answer, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

SERVER_ERROR = 500


class AdminLimits:
    """Counts what is sent to the admin: signing in, and everything else.

    All other requests pass without a detour through a thread, which `process_view` would be.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if request.method != "POST" or not request.path.startswith(admin_root()):
            return self.get_response(request)
        return self.count_first(request) if self.is_async else self.counted(request)

    def counted(self, request: HttpRequest) -> Any:
        """The refusal, or what the page answers."""
        return refusal_of(request) or self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Refuse a form that was made by hand: Django trusts its own to hold well-formed ids."""
        if isinstance(exception, ValidationError) and request.path.startswith(admin_root()):
            return bad_request(request, exception)
        return None

    async def count_first(self, request: HttpRequest) -> Any:
        """The refusal, or what the page answers."""
        return await sync_to_async(refusal_of)(request) or await self.get_response(request)


def admin_root() -> str:
    """Where the pages of the admin begin."""
    return reverse("admin:index")


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """Count a request; the answer to one too many, in the shape of the API."""
    signing_in = request.path == reverse("admin:login")
    try:
        limit(request, "AUTH_LOGIN" if signing_in else "ADMIN_ACTION")
    except DomainError as error:
        kind = "server_error" if error.status >= SERVER_ERROR else "client_error"
        response = answer(error.status, kind, error.code, error.message)
        if isinstance(error, RateLimited):
            response["Retry-After"] = str(error.wait)
        return response
    return None
