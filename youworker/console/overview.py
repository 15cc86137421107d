"""The first page of the console: counts with links, never content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from youworker.appliance.model_files.report import describe_files
from youworker.console.sections import changelist_url
from youworker.upstream.model_files.state import Status

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise as Words

RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Figure:
    """A number of rows, and the list of them; `alarming` when there should be none."""

    title: Words
    model: str
    filters: dict[str, Any] = field(default_factory=dict)
    recent: bool = False
    alarming: bool = False


FIGURES = (
    Figure(_("Active users"), "accounts.User", {"is_active": True}),
    Figure(_("Groups"), "groups.Group", {"deleted_at__isnull": True}),
    Figure(_("New conversations, 7 days"), "chat.Session", recent=True),
    Figure(_("Answers, 7 days"), "chat.Run", recent=True),
    Figure(_("Documents"), "documents.Document", {"deleted_at__isnull": True}),
    Figure(_("Files handed in, 7 days"), "ingestion.IngestionItem", recent=True),
    Figure(
        _("Failed answers, 7 days"), "chat.Run", {"status": "failed"}, recent=True, alarming=True
    ),
    Figure(
        _("Failed files, 7 days"),
        "ingestion.IngestionItem",
        {"stage": "failed"},
        recent=True,
        alarming=True,
    ),
    Figure(
        _("Tool servers that fail"),
        "mcp.Server",
        {"enabled": True, "status": "failed"},
        alarming=True,
    ),
    Figure(
        _("Webhooks paused after failures"),
        "webhooks.Endpoint",
        {"state": "failing"},
        alarming=True,
    ),
    Figure(_("Erasures held"), "accounts.Erasure", {"status": "held"}, alarming=True),
)


# How the process of a model file does.
STATUSES = {
    Status.SERVING: _("Serving"),
    Status.LOADING: _("Loading"),
    Status.WAITING: _("Waiting"),
    Status.FAILED: _("Failed"),
    Status.STOPPED: _("Not running"),
}


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows this member of staff."""
    shown = [figure for figure in FIGURES if may_view(request, figure.model)]
    figures = [counted(request, figure) for figure in shown]
    return {
        **context,
        "figures": [one for one in figures if not one["alarming"]],
        "alarms": [one for one in figures if one["alarming"] and one["count"]],
        "watched": any(one["alarming"] for one in figures),
        "model_files": model_files(request),
    }


def model_files(request: HttpRequest) -> list[dict[str, Any]]:
    """How each model file does, for superusers: paths of this machine are theirs to know."""
    if not (request.user.is_active and request.user.is_superuser):
        return []
    return [{**file, "word": STATUSES[Status(file["status"])]} for file in describe_files()]


def may_view(request: HttpRequest, label: str) -> bool:
    """Whether the rows of a model may be looked at."""
    return bool(admin.site.get_model_admin(apps.get_model(label)).has_view_permission(request))


def counted(request: HttpRequest, figure: Figure) -> dict[str, Any]:
    """A figure's number of rows, with the address of their list."""
    filters = dict(figure.filters)
    if figure.recent:
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        filters["created_at__gte"] = midnight - RECENT
    page = admin.site.get_model_admin(apps.get_model(figure.model))
    rows = page.get_queryset(request).filter(**filters)
    query = urlencode({parameter(name): told(value) for name, value in filters.items()})
    return {
        "title": figure.title,
        "count": rows.count(),
        "alarming": figure.alarming,
        "url": f"{changelist_url(figure.model)}?{query}",
    }


def parameter(name: str) -> str:
    """How the list's page calls a filter."""
    return name if "__" in name else f"{name}__exact"


def told(value: Any) -> Any:
    """A filter's value as the page's own links say it."""
    return int(value) if isinstance(value, bool) else value
