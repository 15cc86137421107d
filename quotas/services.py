"""What staff do with quotas, and the record of what was used."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from quotas.counting import Act, count_usage
from quotas.enums import Period, UsageKind, UsageOutcome
from quotas.types import start_of
from youworker import audit
from youworker.core.effects import after_commit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User
    from quotas.models import Quota

# By hand, so that an event costs one statement, its groups and the sums of its tokens included.
EVENT = """
INSERT INTO quotas_usageevent (created_at, user_id, api_key_id, group_ids, kind, name, outcome,
                               tokens_in, tokens_out, bytes, duration_ms)
SELECT %(now)s, %(user)s, %(key)s::uuid, ARRAY(
           SELECT g.id FROM groups_membership m JOIN groups_group g ON g.id = m.group_id
           WHERE m.user_id = %(user)s AND g.deleted_at IS NULL ORDER BY g.id
       ), %(kind)s, %(name)s, %(outcome)s, %(tokens_in)s, %(tokens_out)s, %(bytes)s,
       %(duration_ms)s
"""
# What stands alone, such as a search, does not wait for the disk: it is nothing but a count.
EVENT_ALONE = EVENT + "FROM set_config('synchronous_commit', 'off', true)"
# Two first ones of a day make two rows instead of waiting for each other; sums count both.
SUMS = """,
grown AS (
    UPDATE quotas_tokenusage
    SET tokens_in = tokens_in + %(tokens_in)s, tokens_out = tokens_out + %(tokens_out)s
    WHERE id = (
        SELECT id FROM quotas_tokenusage
        WHERE user_id = %(user)s AND day = %(day)s
            AND api_key_id IS NOT DISTINCT FROM %(key)s::uuid
        ORDER BY id LIMIT 1
    ) RETURNING id
)
INSERT INTO quotas_tokenusage (user_id, api_key_id, day, tokens_in, tokens_out)
SELECT %(user)s, %(key)s::uuid, %(day)s, %(tokens_in)s, %(tokens_out)s
WHERE NOT EXISTS (SELECT FROM grown)
"""
EVENT_WITH_TOKENS = "WITH event AS (" + EVENT + ")" + SUMS


@transaction.atomic
def save_quota(quota: Quota, *, fields: Sequence[str], actor: User | None) -> Quota:
    """Write a quota, new or changed; it is in force for the next request."""
    quota.save()
    audit.record("admin.settings.update", actor=actor, target=quota, fields=list(fields))
    return quota


@transaction.atomic
def delete_quota(quota: Quota, *, actor: User | None) -> None:
    """Remove a quota; the installation's limits are in force again."""
    audit.record("admin.settings.update", actor=actor, target=quota, fields=["deleted"])
    quota.delete()


def milliseconds_since(moment: datetime | None) -> int | None:
    """How long ago something began; a clock that was set back does not make it negative."""
    if moment is None:
        return None
    return max(0, (timezone.now() - moment) // timedelta(milliseconds=1))


def record_usage(
    kind: UsageKind,
    user_id: UUID,
    *,
    key_id: UUID | None = None,
    name: str = "",
    outcome: str = UsageOutcome.SUCCEEDED,
    tokens_in: int = 0,
    tokens_out: int = 0,
    size: int = 0,
    duration_ms: int | None = None,
) -> None:
    """Write that something was done, and count its tokens; one statement.

    Runs in the caller's transaction, and best at its end: who counts tokens of the same user
    waits until it is over. `size` is in bytes. `name` must not come from what somebody wrote.
    """
    now, ending = timezone.now(), UsageOutcome(outcome).value
    parameters: dict[str, Any] = {
        "now": now,
        "user": user_id,
        "key": key_id,
        "day": start_of(Period.DAY, now).date(),
        "kind": kind.value,
        "name": name,
        "outcome": ending,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "bytes": size,
        "duration_ms": duration_ms,
    }
    statement = EVENT if connection.in_atomic_block else EVENT_ALONE
    if tokens_in + tokens_out:
        statement = EVENT_WITH_TOKENS
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    act = Act(kind, name, ending, tokens_in, tokens_out, duration_ms)
    after_commit(partial(count_usage, act))
