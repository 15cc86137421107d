"""Errors outside the views: the same shape as everywhere, without a word about our code."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from youworker.common.api import refusal_of
from youworker.common.origin import report_denial


def answer(status: int, kind: str, code: str, detail: str) -> HttpResponse:
    """One error in the shape of the API."""
    errors = [{"code": code, "detail": detail, "attr": None}]
    return JsonResponse({"type": kind, "errors": errors}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request Django itself refused: a wrong host, too many fields."""
    refusal = refusal_of(exception)
    return answer(refusal.status, "client_error", refusal.code, refusal.message)


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
    return answer(403, "client_error", "permission_denied", "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A write without the token of the session."""
    note_denial(request, "csrf_failed")
    detail = "The CSRF token is missing or wrong: GET /v1/auth/csrf-token gives one."
    return answer(403, "client_error", "csrf_failed", detail)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such route."""
    return answer(404, "client_error", "not_found", "Not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake; the log has the correlation id that is in the answer's header."""
    return answer(500, "server_error", "error", "Something went wrong on our side.")
