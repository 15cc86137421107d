"""The built-in server for dates and times."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mcp.builtin import calendar_rules
from mcp.builtin.declare import Answer, BuiltinServer, tool_of
from mcp.calls import current_call_context

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

Zone = Annotated[
    str | None,
    Field(description="Such as Europe/Rome; without it the user's."),
]
Tongue = Annotated[str | None, Field(description="Code such as it; without it the user's.")]
Iso = Annotated[str, Field(description="ISO 8601, such as 2026-03-01T09:30:00+01:00.")]
Count = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Seconds = Annotated[int, Field(ge=-100_000_000_000, le=100_000_000_000)]


def create_server() -> BuiltinServer:
    """The server with its four tools."""
    tools = [
        tool_of(now),
        tool_of(format_moment, "format"),
        tool_of(add),
        tool_of(parse_natural),
    ]
    return BuiltinServer("datetime", tools)


async def now(time_zone: Zone = None) -> Answer:
    """Tell the current date, time and weekday. Use this for anything about today."""
    return described(calendar_rules.now(zone(time_zone)), current_call_context().language)


async def format_moment(
    iso: Iso,
    format: Annotated[  # noqa: A002 -- the name models expect
        str,
        Field(
            description="long, short, date, time, weekday, iso, or a pattern like %d/%m/%Y.",
            max_length=100,
        ),
    ] = "long",
    time_zone: Zone = None,
    language: Tongue = None,
) -> Answer:
    """Write a date and time in words or in a pattern, in a time zone and a language."""
    tongue = language or current_call_context().language
    moment = calendar_rules.read(iso, zone(time_zone))
    text = calendar_rules.written(moment, format, tongue)
    return answered(text, moment)


async def add(
    *,
    iso: Iso,
    years: Count = 0,
    months: Count = 0,
    weeks: Count = 0,
    days: Count = 0,
    hours: Count = 0,
    minutes: Count = 0,
    seconds: Seconds = 0,
    time_zone: Zone = None,
) -> Answer:
    """Add a span to a date and time, or subtract it with negative numbers.

    Years to days keep the time on the clock; 31 January plus one month is the last of February.
    """
    moment = calendar_rules.read(iso, zone(time_zone))
    later = calendar_rules.shifted(
        moment,
        months=12 * years + months,
        days=7 * weeks + days,
        seconds=3600 * hours + 60 * minutes + seconds,
    )
    return described(later, current_call_context().language)


async def parse_natural(
    text: Annotated[
        str,
        Field(description="Such as: next friday at 3pm, tra due settimane.", max_length=200),
    ],
    time_zone: Zone = None,
    language: Tongue = None,
) -> Answer:
    """Turn words about a date into an exact date and time."""
    tongue = language or current_call_context().language
    # Off the event loop: the first words of a language load its tables, for a quarter of a second.
    moment = await asyncio.to_thread(calendar_rules.understood, text, zone(time_zone), tongue)
    return described(moment, tongue)


def zone(name: str | None) -> ZoneInfo:
    """The asked-for time zone, or the user's."""
    return calendar_rules.zone_named(name or current_call_context().time_zone)


def described(moment: datetime, tongue: str) -> Answer:
    """A moment in ISO 8601 and in words."""
    words = calendar_rules.written(moment, "long", tongue)
    return answered(f"{moment.isoformat(timespec='seconds')} ({words})", moment)


def answered(text: str, moment: datetime) -> Answer:
    """The text, and the moment as data."""
    structured = {
        "iso": moment.isoformat(timespec="seconds"),
        "text": text,
        "time_zone": str(moment.tzinfo),
        "weekday": calendar_rules.written(moment, "weekday", "en"),
        "unix": int(moment.timestamp()),
    }
    return Answer(text, structured)
