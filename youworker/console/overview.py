"""The first page of the console: counts with links and charts, never content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from mcp.models import Tool
from youworker.appliance.model_files.report import describe_files
from youworker.console.dashboard import drawn
from youworker.console.sections import changelist_url
from youworker.upstream.model_files.state import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet
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
    # What no field says: only these rows, which the list shows by a filter of its own.
    among: Callable[[], QuerySet[Any]] | None = None
    query: dict[str, str] = field(default_factory=dict)


FIGURES = (
    Figure(_("Active users"), "accounts.User", {"is_active": True}),
    Figure(_("Groups"), "groups.Group", {"deleted_at__isnull": True}),
    Figure(
        _("New conversations, 7 days"), "chat.Session", {"deleted_at__isnull": True}, recent=True
    ),
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
        _("Tools to agree to"),
        "mcp.Tool",
        among=Tool.objects.awaiting_approval,
        query={"agreed": "no"},
        alarming=True,
    ),
    Figure(
        _("Groups without an active admin"),
        "groups.Group",
        among=Group.objects.without_admin,
        query={"managed": "no"},
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

# Rows of which show that the product is used.
NOT_THERE_AT_FIRST = {"groups.Group", "chat.Session", "chat.Run", "documents.Document"}

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
    figures = counted(request, shown)
    use = drawn(request)
    return {
        **context,
        **use,
        "figures": [one for one in figures if not one["alarming"]],
        "alarms": [one for one in figures if one["alarming"] and one["count"]],
        "watched": any(one["alarming"] for one in figures),
        "model_files": model_files(request),
        # Somebody who can set everything up is told how to begin.
        "model_servers_url": changelist_url("chat.ModelServer"),
        "people_url": changelist_url("accounts.User"),
        "is_new": use["is_unused"] and not any(one["new"] for one in figures),
    }


def model_files(request: HttpRequest) -> list[dict[str, Any]]:
    """How each model file does, for superusers: paths of this machine are theirs to know."""
    if not (request.user.is_active and request.user.is_superuser):
        return []
    return [{**file, "word": STATUSES[Status(file["status"])]} for file in describe_files()]


def may_view(request: HttpRequest, label: str) -> bool:
    """Whether the rows of a model may be looked at."""
    return bool(admin.site.get_model_admin(apps.get_model(label)).has_view_permission(request))


def counted(request: HttpRequest, figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """The number of rows of each figure, by one statement, with the address of their list."""
    chosen = [(figure, filters_of(figure)) for figure in figures]
    rows = [rows_of(request, figure, filters) for figure, filters in chosen]
    counts = count_together(rows)
    found = []
    for (figure, filters), count in zip(chosen, counts, strict=True):
        told_filters = {parameter(name): told(value) for name, value in filters.items()}
        query = urlencode({**told_filters, **figure.query})
        found.append(
            {
                "title": figure.title,
                "count": count,
                "alarming": figure.alarming,
                "new": count and figure.model in NOT_THERE_AT_FIRST,
                "url": f"{changelist_url(figure.model)}?{query}",
            }
        )
    return found


def rows_of(request: HttpRequest, figure: Figure, filters: dict[str, Any]) -> QuerySet[Any]:
    """What the list of a figure shows, as ids."""
    page = admin.site.get_model_admin(apps.get_model(figure.model))
    rows: QuerySet[Any] = page.get_queryset(request).order_by().filter(**filters)
    if figure.among is not None:
        rows = rows.filter(pk__in=figure.among().values("pk"))
    return rows.values("pk")


def filters_of(figure: Figure) -> dict[str, Any]:
    """What narrows the list of a figure."""
    filters = dict(figure.filters)
    if figure.recent:
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        filters["created_at__gte"] = midnight - RECENT
    return filters


def count_together(selections: Sequence[QuerySet[Any]]) -> Sequence[int]:
    """How many rows each selection has, asked at once."""
    if not selections:
        return []
    parts, parameters = [], list[Any]()
    for rows in selections:
        statement, given = rows.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({statement}) AS rows)")  # noqa: S608 -- Django's own
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)
        found: Sequence[int] = cursor.fetchone()
        return found


def parameter(name: str) -> str:
    """How the list's page calls a filter."""
    return name if "__" in name else f"{name}__exact"


def told(value: Any) -> Any:
    """A filter's value as the page's own links say it."""
    return int(value) if isinstance(value, bool) else value
