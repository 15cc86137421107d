"""The six views of what was done, each a sum over usage events.

Events outlive what was made and lose their user when they are erased: sums of everybody count them
all the same, and sums of a user never count another's. `of` is a user's id, or None for everybody.
Durations are in milliseconds; an event that did not end in time has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DataError, connection, transaction

from quotas.enums import UsageKind, UsageOutcome
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from youworker.analytics.periods import Period

    Row = dict[str, Any]

# Tools, models or types of files in one list.
MOST_NAMES = 50

COUNTS = """
    SELECT created_at >= %(begins)s AS present, kind, outcome, count(*) AS events,
           sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out, sum(bytes) AS bytes
    FROM quotas_usageevent
    WHERE created_at >= %(before)s AND created_at <= %(ends)s {of}
    GROUP BY 1, 2, 3
"""
ACTIVE = """
    SELECT created_at >= %(begins)s AS present, count(DISTINCT user_id) AS people
    FROM quotas_usageevent
    WHERE created_at >= %(before)s AND created_at <= %(ends)s AND kind = 'run' {of}
    GROUP BY 1
"""
PIECES = """
    SELECT {piece} AS piece, {sums}
    FROM quotas_usageevent
    WHERE created_at >= %(begins)s AND created_at <= %(ends)s AND kind = ANY(%(kinds)s) {of} {named}
    GROUP BY 1
"""
NAMES = """
    SELECT name, {sums}
    FROM quotas_usageevent
    WHERE created_at >= %(begins)s AND created_at <= %(ends)s AND kind = ANY(%(kinds)s) {of}
    GROUP BY name ORDER BY {order} DESC, name
"""
# Sums by the names under which they are told.
Sums = dict[str, str]
FAILED: Sums = {"failed": "count(*) FILTER (WHERE outcome <> 'succeeded')"}
CALLS: Sums = {"calls": "count(*)", **FAILED}
FILES: Sums = {"files": "count(*)", **FAILED, "bytes": "coalesce(sum(bytes), 0)::bigint"}
ANSWERS: Sums = {
    "runs": "count(*) FILTER (WHERE kind = 'run')",
    "failed": "count(*) FILTER (WHERE kind = 'run' AND outcome <> 'succeeded')",
    "tokens_in": "coalesce(sum(tokens_in), 0)::bigint",
    "tokens_out": "coalesce(sum(tokens_out), 0)::bigint",
}
ACTIVITY: Sums = {
    "sessions": "count(*) FILTER (WHERE kind = 'session')",
    "runs": "count(*) FILTER (WHERE kind = 'run')",
    "searches": "count(*) FILTER (WHERE kind = 'search')",
    "active_users": "count(DISTINCT user_id) FILTER (WHERE kind = 'run')",
}
MEAN: Sums = {"mean_ms": "round(avg(duration_ms))::bigint"}
DURATIONS: Sums = {
    **MEAN,
    "p50_ms": "percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms)",
    "p95_ms": "percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms)",
    "longest_ms": "max(duration_ms)",
}
ZEROS = (
    "runs",
    "failed_runs",
    "stopped_runs",
    "tokens_in",
    "tokens_out",
    "sessions",
    "searches",
    "tool_calls",
    "failed_tool_calls",
    "files",
    "failed_files",
    "bytes",
    "active_users",
)


def overview(period: Period, *, of: UUID | None) -> Row:
    """Totals of the period and, to compare, of as many days before."""
    totals = {True: dict.fromkeys(ZEROS, 0), False: dict.fromkeys(ZEROS, 0)}
    for row in select_rows(COUNTS, period, of):
        add(totals[row["present"]], row)
    for row in select_rows(ACTIVE, period, of):
        totals[row["present"]]["active_users"] = row["people"]
    return {"totals": totals[True], "previous": totals[False]}


def add(totals: dict[str, int], row: Row) -> None:
    """Count events of one kind and outcome."""
    events, failed = row["events"], row["outcome"] != UsageOutcome.SUCCEEDED
    match row["kind"]:
        case UsageKind.RUN:
            stopped = row["outcome"] == UsageOutcome.STOPPED
            totals["runs"] += events
            totals["stopped_runs"] += events if stopped else 0
            totals["failed_runs"] += events if failed and not stopped else 0
        case UsageKind.TOOL_CALL:
            totals["tool_calls"] += events
            totals["failed_tool_calls"] += events if failed else 0
        case UsageKind.INGESTION:
            totals["files"] += events
            totals["failed_files"] += events if failed else 0
            totals["bytes"] += int(row["bytes"])
        case UsageKind.SEARCH:
            totals["searches"] += events
        case UsageKind.SESSION:
            totals["sessions"] += events
    totals["tokens_in"] += int(row["tokens_in"])
    totals["tokens_out"] += int(row["tokens_out"])


def tokens_timeline(period: Period, *, of: UUID | None) -> Row:
    """Tokens and answers in each piece of the period, and by model; vectors take tokens as well."""
    kinds = [UsageKind.RUN, UsageKind.TITLE, UsageKind.EMBEDDING]
    models = by_name(period, kinds, ANSWERS | DURATIONS, of=of, most="tokens_out")
    return {"timeline": timeline(period, kinds, ANSWERS, of=of), "models": models}


def tool_performance(period: Period, *, of: UUID | None) -> Row:
    """How often each tool was called, how that went and how long it took."""
    tools = by_name(period, [UsageKind.TOOL_CALL], CALLS | DURATIONS, of=of, most="calls")
    return {"tools": tools}


def tool_timeline(period: Period, *, of: UUID | None, tool: str = "") -> Row:
    """Calls of all tools, or of one, in each piece of the period."""
    rows = timeline(period, [UsageKind.TOOL_CALL], CALLS | MEAN, of=of, name=tool)
    return {"timeline": rows}


def ingestion_stats(period: Period, *, of: UUID | None) -> Row:
    """Files that were read in each piece of the period, and by their type."""
    types = by_name(period, [UsageKind.INGESTION], FILES | DURATIONS, of=of, most="files")
    return {"timeline": timeline(period, [UsageKind.INGESTION], FILES, of=of), "types": types}


def session_activity(period: Period, *, of: UUID | None) -> Row:
    """Conversations begun, questions and searches in each piece, and by how many people."""
    kinds = [UsageKind.SESSION, UsageKind.RUN, UsageKind.SEARCH]
    return {"timeline": timeline(period, kinds, ACTIVITY, of=of)}


def timeline(
    period: Period, kinds: Iterable[UsageKind], sums: Sums, *, of: UUID | None, name: str = ""
) -> list[Row]:
    """One line for each piece of the period, also for those in which nothing happened."""
    chosen = "AND name = %(name)s" if name else ""
    statement = PIECES.format(piece=period.piece, sums=listed(sums), named=chosen, of="{of}")
    rows = select_rows(statement, period, of, kinds=[kind.value for kind in kinds], name=name)
    found = {row.pop("piece"): row for row in rows}
    empty = {each: None if each.endswith("_ms") else 0 for each in sums}
    return [{"at": at, **found.get(piece, empty)} for piece, at in period.buckets.items()]


def by_name(
    period: Period, kinds: Iterable[UsageKind], sums: Sums, *, of: UUID | None, most: str
) -> list[Row]:
    """One line for each model, tool or type, those with most of one sum first."""
    statement = NAMES.format(sums=listed(sums), order=sums[most], of="{of}")
    return select_rows(statement, period, of, kinds=[kind.value for kind in kinds])[:MOST_NAMES]


def listed(sums: Sums) -> str:
    """Sums as a list of columns."""
    return ", ".join(f"{expression} AS {name}" for name, expression in sums.items())


def select_rows(statement: str, period: Period, of: UUID | None, **more: Any) -> list[Row]:
    """The rows of a statement about a period."""
    parameters = {
        "before": period.before,
        "begins": period.begins,
        "ends": period.ends,
        "zone": period.zone.key,
        "of": of,
        **more,
    }
    mine = "" if of is None else "AND user_id = %(of)s"
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            cursor.execute(statement.format(of=mine), parameters)
        except DataError as error:
            # The database has a list of zones of its own.
            raise InvalidInput("There is no such time zone.", attr="tz") from error
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
