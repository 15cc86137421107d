"""The figures of one user, from all apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.quotas import active_runs, tokens_this_month, tokens_today
from groups.enums import Measure
from groups.policies import Limit, Subject, limits_for
from ingestion.quotas import bytes_taken, documents_taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from accounts.models import User

METERS: dict[Measure, Callable[[Subject], int]] = {
    Measure.TOKENS_PER_DAY: tokens_today,
    Measure.TOKENS_PER_MONTH: tokens_this_month,
    Measure.STORED_BYTES: bytes_taken,
    Measure.DOCUMENTS: documents_taken,
    Measure.RUNS_AT_ONCE: active_runs,
}


def usage_of(user: User, key_id: UUID | None) -> dict[str, Any]:
    """What the user has used, and every limit that counts for him with what is left of it."""
    own = Subject("user", user.pk, user.username)
    used = {measure.value: meter(own) for measure, meter in METERS.items()}
    return {"used": used, "limits": [shown(limit) for limit in limits_for(user, key_id)]}


def shown(limit: Limit) -> dict[str, Any]:
    """One limit; whose it is, and what is left."""
    used = METERS[limit.measure](limit.subject)
    return {
        "measure": limit.measure.value,
        "scope": limit.subject.kind,
        "id": limit.subject.id,
        "name": limit.subject.name,
        "limit": limit.most,
        "used": used,
        "left": max(limit.most - used, 0),
    }
