"""Errors as pages: a sentence, and a way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils.translation import gettext as _

from youworker.core.pages import is_for_programs
from youworker.core.pages.base import is_htmx
from youworker.core.request_context import correlation_id

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SERVER_ERROR = 500
PASSING = {429, 500, 502, 503, 504, 507}


def wants_page(request: HttpRequest) -> bool:
    """Whether an error should be a page: outside the API, unless only JSON is understood."""
    accepted = request.headers.get("Accept", "")
    only_json = "application/json" in accepted and "text/html" not in accepted
    return not is_for_programs(request.path_info) and not only_json


def render_error(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    heading: str = "",
    page: str = "",
    sign_in: str = "",
) -> HttpResponse:
    """The error as a page, or for a part of a page as a sentence; needs no database.

    What may be there later is offered again, else `page` where there is one; with `sign_in` only
    this address of the sign-in page, for who comes back from elsewhere cannot do so twice.
    """
    passes = request.method == "GET" and status in PASSING
    context = {
        "status": status,
        "heading": heading or heading_of(status),
        "detail": detail,
        "reference": correlation_id() if status >= SERVER_ERROR else "",
        "again": request.get_full_path() if passes else page,
        "sign_in": sign_in,
    }
    is_part = is_htmx(request)
    name = "youworker/_error.html" if is_part else "youworker/error.html"
    answer = render(request, name, context, status=status)
    if is_part:
        # Shown as a message over the page: whatever the request was to replace stays.
        answer["HX-Retarget"], answer["HX-Reswap"] = "#toasts", "beforeend"
    return answer


def heading_of(status: int) -> str:
    """What kind of trouble this is, in a few words."""
    known = {
        400: _("That request could not be read"),
        401: _("You are not signed in"),
        403: _("This is not for you"),
        404: _("This page does not exist"),
        409: _("This is not possible now"),
        413: _("That is too much at once"),
        429: _("Too many requests"),
        503: _("Not available right now"),
    }
    return known.get(status, _("Something went wrong"))
