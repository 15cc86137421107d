"""What somebody has used, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from quotas.enums import QuotaKind
from quotas.meters import measure_usage
from quotas.policies import find_limits
from quotas.types import RULES, QuotaLimit, QuotaSubject, end_of

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


def report_usage(user: User, key_id: UUID | None) -> dict[str, Any]:
    """What a user has used, and every limit that counts for them with what is left of it."""
    own = QuotaSubject.of_user(user)
    used = {kind.value: measure_usage(kind, own) for kind in QuotaKind}
    return {"used": used, "limits": list(map(describe_limit, find_limits(user, key_id)))}


def describe_limit(limit: QuotaLimit) -> dict[str, Any]:
    """One limit; whose it is, what is left, and when use is counted from nothing again."""
    used, rules = measure_usage(limit.kind, limit.subject), RULES[limit.kind]
    return {
        "measure": limit.kind.value,
        "unit": rules.unit,
        "scope": limit.subject.kind.value,
        "id": limit.subject.id,
        "name": limit.subject.name,
        "limit": limit.most,
        "used": used,
        "left": max(limit.most - used, 0),
        "resets_at": end_of(rules.period, timezone.now()) if rules.period else None,
    }
