"""Errors outside the views, without a word about our code: JSON for programs, pages for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from youworker.core.api.base import refusal_of
from youworker.core.api.openai_shape import error_document, instead_of, speaks_openai
from youworker.core.db import refusal_by
from youworker.core.exceptions import DomainError, RateLimited
from youworker.core.pages.base import page_of_form
from youworker.core.pages.errors import render_error, wants_page
from youworker.core.request_context import report_denial

if TYPE_CHECKING:
    from collections.abc import Callable

SERVER_ERROR = 500


def shows_page(request: HttpRequest) -> bool:
    """Whether an error is shown to people: some of OpenAI's clients do not say what they read."""
    reads_pages = "text/html" in request.headers.get("Accept", "")
    return wants_page(request) and (reads_pages or not speaks_openai(request.path_info))


def answer(
    request: HttpRequest, status: int, kind: str, code: str, detail: str, *, sign_in: str = ""
) -> HttpResponse:
    """One error: a page for people, else in the shape that clients of the path read."""
    if shows_page(request):
        return render_error(request, status, detail, sign_in=sign_in)
    if speaks_openai(request.path_info):
        return JsonResponse(error_document(status, code, detail), status=status)
    errors = [{"code": code, "detail": detail, "attr": None}]
    return JsonResponse({"type": kind, "errors": errors}, status=status)


class RefusalMiddleware:
    """Answers what a page that is no view of the API refuses."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Render a rule's refusal, or a form of the admin that was made by hand."""
        if isinstance(exception, DomainError):
            return refused(request, exception)
        # Django trusts the forms it made to hold well-formed ids.
        if isinstance(exception, ValidationError) and request.path.startswith(
            reverse("admin:index")
        ):
            return bad_request(request, exception)
        return None


def refused(request: HttpRequest, error: DomainError, *, sign_in: str = "") -> HttpResponse:
    """What a page answers when a rule refuses something; `sign_in` is as for `render_error`."""
    kind = "server_error" if error.status >= SERVER_ERROR else "client_error"
    response = answer(request, error.status, kind, error.code, error.in_words(), sign_in=sign_in)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.wait)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request Django itself refused: a wrong host, too many fields."""
    refusal = refusal_of(exception)
    return answer(request, refusal.status, "client_error", refusal.code, refusal.in_words())


def note_denial(request: HttpRequest, code: str) -> None:
    """Audit that a page refused somebody."""
    match = request.resolver_match
    route = match.route if match else ""
    method = request.method or ""
    user = getattr(request, "user", None)
    report_denial(user, route=route, method=method, status=403, code=code)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page for somebody else."""
    note_denial(request, "permission_denied")
    return answer(request, 403, "client_error", "permission_denied", _("You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A write without the token of the session."""
    note_denial(request, "csrf_failed")
    detail = "The CSRF token is missing or wrong: GET /v1/auth/csrf-token gives one."
    if wants_page(request):
        detail = _("This page was open for too long, or cookies are blocked. Load it again.")
        heading, page = _("This page has to be loaded again"), page_of_form(request)
        return render_error(request, 403, detail, heading=heading, page=page)
    return answer(request, 403, "client_error", "csrf_failed", detail)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such route."""
    detail = _("Not found.")
    if instead := instead_of(request.path_info):
        detail = _("This is not served here: use %(path)s.") % {"path": instead}
    if shows_page(request):
        detail = _("The address is wrong, or what was here is gone or no longer shared with you.")
    return answer(request, 404, "client_error", "not_found", detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake, or no database, or no room; the log knows the id in the answer's header."""
    if refusal := refusal_by(sys.exception()):
        return answer(request, 503, "server_error", "unavailable", _(refusal))
    return answer(request, 500, "server_error", "error", _("Something went wrong on our side."))
