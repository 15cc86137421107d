"""What answers and speech count towards quotas, and whether another answer may begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import ApiKey
from chat.direct_calls import count_calls
from chat.models import Run
from quotas.enums import QuotaKind, UsageKind
from quotas.meters import register_meter
from quotas.policies import enforce_quota, find_limits
from quotas.services import record_usage

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from quotas.types import QuotaSubject

# How many tokens an answer will take is not known before: it is refused when none are left.
TOKENS = {QuotaKind.TOKENS_PER_DAY: 1, QuotaKind.TOKENS_PER_MONTH: 1}
ONE_MORE = {QuotaKind.RUNS_AT_ONCE: 1, **TOKENS}


def enforce_run_quota(user: User, key_id: UUID | None) -> None:
    """Raise `QuotaExceeded` unless one more answer may begin; runs in the caller's transaction."""
    enforce_quota(find_limits(user, key_id, kinds=ONE_MORE), ONE_MORE)


@register_meter(QuotaKind.RUNS_AT_ONCE)
def count_working_runs(subject: QuotaSubject) -> int:
    """Answers in the making; those that wait for a decision take up nothing."""
    runs, others = Run.objects.working(), count_calls(subject)
    if subject.key_id:
        return runs.filter(api_key=subject.key_id).count() + others
    return runs.filter(user__in=subject.user_ids()).count() + others


def record_heard(size: int, seconds: float, *, user_id: UUID, key_id: UUID | None) -> None:
    """Write down that so many bytes of sound, of so many seconds, were put into words."""
    record_usage(
        UsageKind.HEARING,
        user_id,
        key_id=existing_key(key_id),
        size=size,
        duration_ms=int(seconds * 1000),
    )


def record_spoken(text_bytes: int, *, user_id: UUID, key_id: UUID | None) -> None:
    """Write down that a text of so many bytes was spoken."""
    record_usage(UsageKind.SPEAKING, user_id, key_id=existing_key(key_id), size=text_bytes)


def existing_key(key_id: UUID | None) -> UUID | None:
    """A key that is still there: speech takes long enough for one to be removed meanwhile."""
    known = key_id is not None and ApiKey.objects.filter(pk=key_id).exists()
    return key_id if known else None
