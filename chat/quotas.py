"""What answers in the making count towards quotas, and whether another may begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.direct_calls import count_calls
from chat.models import Run
from quotas.enums import QuotaKind
from quotas.meters import register_meter
from quotas.policies import enforce_quota, find_limits

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
