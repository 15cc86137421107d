"""What goes on at this moment: answers, files, failures and who uses what; with what to do."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from chat import services as chat
from chat.enums import ACTIVE_STATUSES
from chat.models import Run
from ingestion import services as ingestion
from ingestion.models import IngestionItem, IngestionRun
from quotas.models import UsageEvent
from youworker.console.dashboard import describe_waiting
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

# Rows of one section; the lists have the others.
MOST = 25
LOOKED_BACK = timedelta(hours=24)
RUNS, STOP = "chat.view_run", "chat.change_run"
FILES, RETRY = "ingestion.view_ingestionitem", "ingestion.change_ingestionrun"
USE = "quotas.view_usageevent"


def require(right: str) -> Callable[..., Any]:
    """Let only staff with a right in."""

    def decorated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not cast("User", request.user).has_perm(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorated


@require_safe
def show_live(request: HttpRequest) -> HttpResponse:
    """The page; its middle alone, which it asks for every few seconds, with `part`."""
    user = cast("User", request.user)
    if not any(user.has_perm(right) for right in (RUNS, FILES, USE)):
        raise PermissionDenied
    context: dict[str, Any] = {
        "may_see_runs": user.has_perm(RUNS),
        "may_stop": user.has_perm(STOP),
        "may_see_files": user.has_perm(FILES),
        "may_retry": user.has_perm(RETRY),
        "may_see_use": user.has_perm(USE),
        "now": timezone.now(),
    }
    if context["may_see_runs"]:
        context["runs"] = active_runs()
    if context["may_see_files"]:
        context |= {"files": files_at_work(), "failures": failed_files()}
    if context["may_see_runs"] and context["may_see_files"]:
        context["waiting"] = describe_waiting()
    if context["may_see_use"]:
        context["users"] = busiest_users()
    if "part" in request.GET:
        return TemplateResponse(request, "youworker/console/_live.html", context)
    context |= {**admin.site.each_context(request), "title": gettext("At this moment")}
    return TemplateResponse(request, "youworker/console/live.html", context)


def active_runs() -> list[Run]:
    """Answers that are not there yet, the oldest first."""
    rows = Run.objects.filter(status__in=ACTIVE_STATUSES).select_related("user")
    return list(rows.order_by("created_at")[:MOST])


def files_at_work() -> list[IngestionItem]:
    """Files that a worker has right now, with their leases."""
    rows = IngestionItem.objects.leased().select_related("run__owner")
    return list(rows.order_by("lease_until")[:MOST])


def failed_files() -> list[IngestionItem]:
    """Files that were given up since yesterday, the newest first."""
    since = timezone.now() - LOOKED_BACK
    rows = IngestionItem.objects.failed().filter(updated_at__gte=since, created_at__gte=since)
    return list(rows.select_related("run__owner").order_by("-created_at")[:MOST])


def busiest_users() -> list[dict[str, Any]]:
    """Who used most since yesterday."""
    since = timezone.now() - LOOKED_BACK
    rows = UsageEvent.objects.filter(created_at__gte=since, user__isnull=False)
    sums: Any = rows.values("user_id", "user__username").annotate(
        events=Count("pk"), read=Sum("tokens_in"), written=Sum("tokens_out")
    )
    return list(sums.order_by("-written", "-events")[:MOST])


@require_POST
@require(STOP)
def stop_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End an answer; its text stays."""
    run = get_object_or_404(Run, pk=pk)
    try:
        chat.stop_run(run)
        messages.success(request, gettext("The answer is being stopped."))
    except DomainError as refusal:
        messages.warning(request, refusal.in_words())
    return redirect("console-live")


@require_POST
@require(RETRY)
def retry_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Read the failed files of a run again."""
    run = get_object_or_404(IngestionRun, pk=pk)
    try:
        ingestion.retry_run(run, actor=cast("User", request.user))
        messages.success(request, gettext("The failed files of this run are read again."))
    except DomainError as refusal:
        messages.warning(request, refusal.in_words())
    return redirect("console-live")
