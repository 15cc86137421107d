"""What is limited, for how long, whose use it is, and to how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from groups.models import Membership
from quotas.enums import Period, QuotaKind, SubjectKind
from youworker.core.config import config

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User

# Longer than any of them, and cut back to the start of the next one; a day may have 25 hours.
LONGER_THAN = {Period.DAY: timedelta(hours=26), Period.MONTH: timedelta(days=32)}
# Answers take seconds, so one of those in the making may have ended by then.
RUN_PAUSE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class KindRules:
    """How a kind of quota is counted and named; without a period what exists now counts."""

    unit: str
    words: Any
    period: Period | None = None
    # Files are kept until somebody removes them, so waiting does not help.
    is_storage: bool = False


RULES = {
    QuotaKind.TOKENS_PER_DAY: KindRules("tokens", _("tokens a day"), Period.DAY),
    QuotaKind.TOKENS_PER_MONTH: KindRules("tokens", _("tokens a month"), Period.MONTH),
    QuotaKind.STORED_BYTES: KindRules("bytes", _("of stored files"), is_storage=True),
    QuotaKind.DOCUMENTS: KindRules("documents", _("documents"), is_storage=True),
    QuotaKind.RUNS_AT_ONCE: KindRules("answers", _("answers at the same time")),
}


def shown_amount(kind: str, amount: int) -> str:
    """A number as people read it, in the language in force."""
    if kind == QuotaKind.STORED_BYTES:
        return str(filesizeformat(amount))
    return number_format(amount, use_l10n=True, force_grouping=True)


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


@dataclass(frozen=True, slots=True)
class QuotaSubject:
    """Whose use is added up: one user's, a group's members' together, or one key's."""

    kind: SubjectKind
    id: UUID
    name: str

    @classmethod
    def of_user(cls, user: User) -> QuotaSubject:
        """A user as a subject."""
        return cls(SubjectKind.USER, user.pk, user.username)

    def user_ids(self) -> Any:
        """The ids of the users whose use counts; for a key nobody's as such."""
        if self.kind == SubjectKind.GROUP:
            return Membership.objects.filter(group_id=self.id).values("user_id")
        return [self.id] if self.kind == SubjectKind.USER else []

    @property
    def key_id(self) -> UUID | None:
        """The key whose use counts."""
        return self.id if self.kind == SubjectKind.API_KEY else None


@dataclass(frozen=True, slots=True)
class QuotaLimit:
    """The most a subject may use of something."""

    kind: QuotaKind
    subject: QuotaSubject
    most: int
