"""The staff page on which the stored data are looked at and repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from youworker.core.exceptions import DomainError
from youworker.doctor import GROUPS
from youworker.doctor.remedies import remedy_for
from youworker.doctor.reports import (
    is_being_made,
    latest_report,
    request_examination,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

VIEW, CHANGE = "ingestion.view_ingestionitem", "ingestion.change_ingestionitem"
CHECKS = {check.name: check for checks in GROUPS.values() for check in checks}
# Seconds after which the page looks again while an examination goes on.
REFRESH_SECONDS = 3


@require_http_methods(["GET", "POST"])
def show_data_check(request: HttpRequest) -> HttpResponse:
    """Show the last examination; a POST asks for another one, with repairs or without."""
    user = cast("User", request.user)
    if not user.has_perm(VIEW):
        raise PermissionDenied
    if request.method == "POST":
        return begin_examination(request, user)
    is_busy = is_being_made()
    report = latest_report()
    context = {
        **admin.site.each_context(request),
        "title": gettext("Check of the data"),
        "report": report,
        "at": parse_datetime(report["at"]) if report else None,
        "lines": [line_of(one) for one in report["checks"]] if report else [],
        "is_busy": is_busy,
        "refresh": REFRESH_SECONDS,
        "may_repair": user.has_perm(CHANGE),
    }
    return TemplateResponse(request, "youworker/data_check.html", context)


def begin_examination(request: HttpRequest, user: User) -> HttpResponse:
    """Queue what was asked for, and lead back to the page."""
    fix = request.POST.get("act") == "repair"
    if fix and not user.has_perm(CHANGE):
        raise PermissionDenied
    try:
        request_examination(fix=fix, actor=user)
        messages.success(request, gettext("The data are being looked at."))
    except DomainError as refusal:
        messages.warning(request, refusal.in_words())
    return redirect("data-check")


def line_of(check: dict[str, Any]) -> dict[str, Any]:
    """One check as the page shows it; a word of an older version stands for itself."""
    known = CHECKS.get(check["check"])
    if known is None:
        return {**check, "title": check["check"]}
    remedy = remedy_for(known) if check["left"] else ""
    return {**check, "title": known.title, "remedy": remedy}
