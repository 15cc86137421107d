"""What is fixed about each kind of quota, and when the periods of use begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from quotas.enums import Period, QuotaKind
from youworker.core.config import config

# Longer than any of them, and cut back to the start of the next one; a day may have 25 hours.
LONGER_THAN = {Period.DAY: timedelta(hours=26), Period.MONTH: timedelta(days=32)}
# Answers take seconds, so one of those in the making may have ended by then.
RUN_PAUSE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class KindRules:
    """How a kind of quota is counted and named; without a period what exists now counts."""

    unit: str
    words: str
    period: Period | None = None
    # Files are kept until somebody removes them, so waiting does not help.
    is_storage: bool = False


RULES = {
    QuotaKind.TOKENS_PER_DAY: KindRules("tokens", "tokens a day", Period.DAY),
    QuotaKind.TOKENS_PER_MONTH: KindRules("tokens", "tokens a month", Period.MONTH),
    QuotaKind.STORED_BYTES: KindRules("bytes", "bytes of stored files", is_storage=True),
    QuotaKind.DOCUMENTS: KindRules("documents", "documents", is_storage=True),
    QuotaKind.RUNS_AT_ONCE: KindRules("answers", "answers at the same time"),
}


def start_of(period: Period, now: datetime) -> datetime:
    """When a day or a month began, in the installation's time zone."""
    local = now.astimezone(ZoneInfo(config.api.time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.replace(day=1) if period == Period.MONTH else midnight


def end_of(period: Period, now: datetime) -> datetime:
    """When a day or a month ends."""
    return start_of(period, start_of(period, now) + LONGER_THAN[period])


def seconds_until_room(kind: QuotaKind) -> int:
    """When trying again may help."""
    period = RULES[kind].period
    if period is None:
        return RUN_PAUSE_SECONDS
    now = timezone.now()
    return int((end_of(period, now) - now).total_seconds()) + 1
