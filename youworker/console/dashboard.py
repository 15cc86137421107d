"""What the first page draws: use by day, what waits, and how much room is taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from ingestion.enums import Stage
from youworker.analytics.charts import draw
from youworker.analytics.daily import usage_days
from youworker.appliance.metrics.state import count_messages
from youworker.core.effects import attempt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from youworker.analytics.charts import Chart

    Row = dict[str, Any]

DAYS = 30
# Rows at work only, each of which an index has; and what the database and the originals take.
WAITING = """
    SELECT
        (SELECT coalesce(jsonb_object_agg(stage, files), '{}') FROM (
            SELECT stage, count(*) AS files FROM ingestion_ingestionitem
            WHERE stage IN ('queued', 'parsing', 'embedding') GROUP BY stage) AS stages),
        (SELECT coalesce(jsonb_object_agg(status, runs), '{}') FROM (
            SELECT status, count(*) AS runs FROM chat_run
            WHERE status IN ('queued', 'running', 'waiting_approval') GROUP BY status) AS runs),
        (SELECT count(*) FROM documents_embeddingtask),
        pg_database_size(current_database()),
        (SELECT coalesce(sum(size), 0)::bigint FROM documents_storedfile)
"""


def drawn(request: HttpRequest) -> dict[str, Any]:
    """The charts and figures that this member of staff may see."""
    user = request.user
    charts = draw_use(usage_days(DAYS)) if user.has_perm("quotas.view_usageevent") else []
    may_see_work = user.has_perm("chat.view_run") and user.has_perm("ingestion.view_ingestionitem")
    return {
        "charts": charts,
        "is_unused": bool(charts) and all(chart.is_empty for chart in charts),
        "waiting": describe_waiting() if may_see_work else [],
    }


def draw_use(rows: Sequence[Row]) -> list[Chart]:
    """Use by day."""
    days = [
        {
            **row,
            "answered": row["runs"] - row["failed_runs"] - row["stopped_runs"],
            "unanswered": row["failed_runs"] + row["stopped_runs"],
            "read_files": row["files"] - row["failed_files"],
            "usual": row["tool_p50_ms"] or 0,
            "slow": (row["tool_p95_ms"] or 0) - (row["tool_p50_ms"] or 0),
        }
        for row in rows
    ]
    return [draw(title, days, series, worded, marked) for title, series in CHARTS]


CHARTS: tuple[tuple[Any, list[tuple[str, Any]]], ...] = (
    (_("Messages"), [("answered", _("Questions answered")), ("unanswered", _("Not finished"))]),
    (_("Tokens"), [("tokens_in", _("Tokens read")), ("tokens_out", _("Tokens written"))]),
    (_("Active users"), [("active_users", _("People"))]),
    (_("Files read"), [("read_files", _("Succeeded")), ("failed_files", _("Failed"))]),
    (
        _("Failures"),
        [
            ("failed_runs", _("Answers")),
            ("failed_tool_calls", _("Tool calls")),
            ("failed_files", _("Files")),
        ],
    ),
    (
        _("Time of tool calls (ms)"),
        [("usual", _("Half of them")), ("slow", _("95 of 100, beyond that"))],
    ),
)


def worded(at: datetime) -> str:
    """The day as it is told."""
    return date_format(timezone.localtime(at, timezone.get_default_timezone()), "SHORT_DATE_FORMAT")


def marked(at: datetime) -> str:
    """The day as it is marked below a chart."""
    return date_format(timezone.localtime(at, timezone.get_default_timezone()), "j M")


def describe_waiting() -> list[Row]:
    """Lengths of queues and amounts of storage, each with its words."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        *by_state, embeddings, database, originals = cursor.fetchone()
    stages, runs = (json.loads(each) for each in by_state)
    tasks = attempt("counting the tasks that wait", count_messages)
    return [
        {"title": _("Answers in the making"), "amount": runs.get("running", 0)},
        {"title": _("Questions that wait"), "amount": runs.get("queued", 0)},
        {"title": _("Answers waiting for approval"), "amount": runs.get("waiting_approval", 0)},
        {"title": _("Files waiting to be read"), "amount": stages.get(Stage.QUEUED, 0)},
        {"title": _("Files being read"), "amount": stages.get(Stage.PARSING, 0)},
        {"title": _("Files getting vectors"), "amount": stages.get(Stage.EMBEDDING, 0)},
        {"title": _("Documents waiting for vectors"), "amount": embeddings},
        {"title": _("Tasks in the queue"), "amount": "?" if tasks is None else tasks},
        {"title": _("Size of the database"), "amount": filesizeformat(database)},
        {"title": _("Size of the originals"), "amount": filesizeformat(originals)},
    ]
