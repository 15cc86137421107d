"""Quotas: which limits are in force for somebody, and refusing what would exceed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from groups.enums import Measure
from groups.exceptions import QuotaExceeded, StorageQuotaExceeded
from groups.models import Membership, Quota
from youworker.common.config import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from accounts.models import User

WORDS = {
    Measure.TOKENS_PER_DAY: "tokens a day",
    Measure.TOKENS_PER_MONTH: "tokens a month",
    Measure.STORED_BYTES: "bytes of stored files",
    Measure.DOCUMENTS: "documents",
    Measure.RUNS_AT_ONCE: "answers at the same time",
}
IN_FILES = {Measure.STORED_BYTES, Measure.DOCUMENTS}
RUN_PAUSE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose use is added up: one user's, a group's members' together, or one key's."""

    kind: str
    id: UUID
    name: str

    def owners(self) -> Any:
        """The ids of the users whose use counts; for a key nobody's as such."""
        if self.kind == "group":
            return Membership.objects.filter(group_id=self.id).values("user_id")
        return [self.id] if self.kind == "user" else []

    @property
    def key_id(self) -> UUID | None:
        """The key whose use counts."""
        return self.id if self.kind == "api_key" else None


@dataclass(frozen=True, slots=True)
class Limit:
    """The most a subject may have of something."""

    measure: Measure
    subject: Subject
    most: int


def limits_for(user: User, key_id: UUID | None = None) -> list[Limit]:
    """Every limit that counts for a user, and for the key he shows; one query."""
    rows = list(Quota.objects.in_force_for(user, key_id))
    own = next((row for row in rows if row.user_id), None)
    found = list(own_limits(user, own))
    for row in rows:
        if row is not own:
            found += limits_of(row)
    return found


def own_limits(user: User, row: Quota | None) -> Iterator[Limit]:
    """A user's own limits: his row's, else the deployment's."""
    subject = Subject("user", user.pk, user.username)
    for measure in Measure:
        most = getattr(row, measure) if row else None
        most = getattr(config.quota, measure) or None if most is None else most
        if most is not None:
            yield Limit(measure, subject, most)


def limits_of(row: Quota) -> Iterator[Limit]:
    """The limits a group or a key has."""
    if row.group is not None:
        subject = Subject("group", row.group.pk, row.group.name)
    elif row.api_key is not None:
        subject = Subject("api_key", row.api_key.pk, row.api_key.name)
    else:
        return
    for measure in Measure:
        most = getattr(row, measure)
        if most is not None:
            yield Limit(measure, subject, most)


def require_room(
    limits: list[Limit], measure: Measure, meter: Callable[[Subject], int], *, adding: int
) -> None:
    """Raise `QuotaExceeded` (for files `StorageQuotaExceeded`) when `adding` would be too much.

    The caller holds a transaction; of several requests at once, one at a time is counted.
    """
    concerned = [limit for limit in limits if limit.measure == measure]
    for limit in sorted(concerned, key=lambda each: str(each.subject.id)):
        lock(limit)
    for limit in concerned:
        used = meter(limit.subject)
        if used + adding > limit.most:
            raise refusal(limit, used)


def lock(limit: Limit) -> None:
    """Let one transaction at a time count against a limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"quota:{limit.measure}:{limit.subject.id}"],
        )


def refusal(limit: Limit, used: int) -> QuotaExceeded | StorageQuotaExceeded:
    """The sentence for whoever reached a limit."""
    whose = {
        "user": "You have",
        "group": f"The group {limit.subject.name!r} has",
        "api_key": f"The key {limit.subject.name!r} has",
    }[limit.subject.kind]
    sentence = f"{whose} used {used:,} of {limit.most:,} {WORDS[limit.measure]}."
    if limit.measure in IN_FILES:
        return StorageQuotaExceeded(sentence)
    return QuotaExceeded(sentence, wait=seconds_until_room(limit.measure))


def seconds_until_room(measure: Measure) -> int:
    """When trying again may help."""
    if measure == Measure.RUNS_AT_ONCE:
        return RUN_PAUSE_SECONDS
    now = timezone.now()
    return int((end_of(measure, now) - now).total_seconds()) + 1


def start_of(measure: Measure, now: datetime) -> datetime:
    """When the day or the month of a token limit began, in the deployment's time zone."""
    local = now.astimezone(ZoneInfo(config.api.time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.replace(day=1) if measure == Measure.TOKENS_PER_MONTH else midnight


def end_of(measure: Measure, now: datetime) -> datetime:
    """When the day or the month of a token limit ends."""
    # Longer than any month or day, and cut back to the start of the next one.
    longer = timedelta(days=32) if measure == Measure.TOKENS_PER_MONTH else timedelta(hours=25)
    return start_of(measure, start_of(measure, now) + longer)
