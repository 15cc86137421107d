"""When a source is read next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from ingestion.models import Source


def next_time(source: Source, now: datetime) -> datetime | None:
    """The time after `now` at which a source is due; None when only somebody's wish counts.

    What was missed is made up once, not once for every time.
    """
    if source.every_hours:
        return now + timedelta(hours=source.every_hours)
    if source.daily_at is None:
        return None
    zone = zone_or_utc(source.owner.time_zone)
    today = now.astimezone(zone).date()
    # In the hour that a change of clocks leaves out, `fold` gives the time before it.
    days = (datetime.combine(today + timedelta(days=n), source.daily_at, zone) for n in range(3))
    return next(day for day in days if day > now)
