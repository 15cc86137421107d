"""What all people together did by day: finished days are summed once, today is summed when asked.

Days are those of the installation's time zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from quotas.models import UsageEvent
from youworker.analytics.models import UsageDay

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    Row = dict[str, Any]

# Events are dated before they are committed: a day is finished some time after its end.
SETTLED = timedelta(hours=1)
# Days that one look of the scheduler sums; an installation that is updated has years of them.
DAYS_AT_ONCE = 100
SUMS = {
    "runs": "count(*) FILTER (WHERE kind = 'run')",
    "failed_runs": (
        "count(*) FILTER (WHERE kind = 'run' AND outcome NOT IN ('succeeded', 'stopped'))"
    ),
    "stopped_runs": "count(*) FILTER (WHERE kind = 'run' AND outcome = 'stopped')",
    "sessions": "count(*) FILTER (WHERE kind = 'session')",
    "searches": "count(*) FILTER (WHERE kind = 'search')",
    "active_users": "count(DISTINCT user_id) FILTER (WHERE kind = 'run')",
    "tokens_in": "coalesce(sum(tokens_in), 0)::bigint",
    "tokens_out": "coalesce(sum(tokens_out), 0)::bigint",
    "tool_calls": "count(*) FILTER (WHERE kind = 'tool_call')",
    "failed_tool_calls": ("count(*) FILTER (WHERE kind = 'tool_call' AND outcome <> 'succeeded')"),
    "tool_p50_ms": (
        "percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE kind = 'tool_call')"
    ),
    "tool_p95_ms": (
        "percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms)"
        " FILTER (WHERE kind = 'tool_call')"
    ),
    "files": "count(*) FILTER (WHERE kind = 'ingestion')",
    "failed_files": "count(*) FILTER (WHERE kind = 'ingestion' AND outcome <> 'succeeded')",
    "bytes": "coalesce(sum(bytes) FILTER (WHERE kind = 'ingestion'), 0)::bigint",
}
STATEMENT = f"""
    SELECT (created_at AT TIME ZONE %(zone)s)::date AS day,
           {", ".join(f"{sums} AS {name}" for name, sums in SUMS.items())}
    FROM quotas_usageevent
    WHERE created_at >= %(begins)s AND created_at < %(ends)s
    GROUP BY 1
"""  # noqa: S608 -- constants


def usage_days(days: int = 30) -> list[Row]:
    """One line for each of the last days, today included, also for those without any use."""
    zone = timezone.get_default_timezone()
    today = timezone.localdate(timezone=zone)
    wanted = [today - timedelta(days=ago) for ago in reversed(range(days))]
    known = UsageDay.objects.between(wanted[0], today, zone=str(zone)).by_day()
    missing = [day for day in wanted if day not in known]
    found = {**read_sums(missing[0], today), **known} if missing else known
    empty = dict.fromkeys(SUMS, 0) | {"tool_p50_ms": None, "tool_p95_ms": None}
    return [
        {"day": day, "at": midnight(day, zone), **empty, **found.get(day, {})} for day in wanted
    ]


def read_sums(first: date, last: date) -> dict[date, Row]:
    """The sums of the days in which something was done, from the events."""
    zone = timezone.get_default_timezone()
    parameters: dict[str, Any] = {
        "zone": str(zone),
        "begins": midnight(first, zone),
        "ends": midnight(last + timedelta(days=1), zone),
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        return {day: dict(zip(SUMS, sums, strict=True)) for day, *sums in cursor.fetchall()}


def midnight(day: date, zone: ZoneInfo | Any) -> datetime:
    """When a day began."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@transaction.atomic
def settle_days() -> int:
    """Sum finished days that were not summed yet, the newest first; how many there were.

    Idempotent: two processes that do it at once write the same rows.
    """
    zone = timezone.get_default_timezone()
    oldest = UsageEvent.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if oldest is None:
        return 0
    first = timezone.localdate(oldest, zone)
    last = timezone.localdate(timezone.now() - SETTLED, zone) - timedelta(days=1)
    known = set(UsageDay.objects.between(first, last, zone=str(zone)).values_list("day", flat=True))
    day, chosen = last, list[date]()
    while day >= first and len(chosen) < DAYS_AT_ONCE:
        if day not in known:
            chosen.append(day)
        day -= timedelta(days=1)
    if not chosen:
        return 0
    sums = read_sums(chosen[-1], chosen[0])
    rows = [UsageDay(day=each, zone=str(zone), **sums.get(each, {})) for each in chosen]
    UsageDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["day"], update_fields=["zone", *SUMS]
    )
    return len(rows)


def forget_days() -> int:
    """Have all days summed anew, after events of the past came or went; how many there were."""
    return int(UsageDay.objects.all().delete()[0])
