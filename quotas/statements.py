"""The statement every question and every file begins with, in plain SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quotas.enums import QuotaKind, SubjectKind
from quotas.types import QuotaSubject
from youworker.core.sql import fetch_rows

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User

KINDS = tuple(QuotaKind)

# Their own, their groups', and the shown key's. Groups in a subquery: joined, every member of
# every group with a quota would be read.
IN_FORCE = f"""
SELECT quota.user_id, quota.group_id, joined.name, quota.api_key_id, shown.name,
    {", ".join(f"quota.{kind}" for kind in KINDS)}
FROM quotas_quota AS quota
    LEFT JOIN groups_group AS joined ON joined.id = quota.group_id
    LEFT JOIN accounts_apikey AS shown ON shown.id = quota.api_key_id
WHERE quota.user_id = %s OR quota.api_key_id = %s OR quota.group_id IN (
    SELECT member.group_id FROM groups_membership AS member
        JOIN groups_group AS alive ON alive.id = member.group_id
    WHERE member.user_id = %s AND alive.deleted_at IS NULL
)
ORDER BY quota.id
"""  # noqa: S608 -- our own words


class QuotaInForce(NamedTuple):
    """A row of limits, and whose they are; None: no limit of its own."""

    subject: QuotaSubject
    most: dict[QuotaKind, int | None]


def find_quotas_in_force(user: User, key_id: UUID | None) -> list[QuotaInForce]:
    """The rows that count for a user, and for the key they show."""
    found = list[QuotaInForce]()
    for row in fetch_rows(IN_FORCE, [user.pk, key_id, user.pk]):
        own, group_id, group_name, shown_id, key_name, *most = row
        if own is not None:
            subject = QuotaSubject.of_user(user)
        elif group_id is not None:
            subject = QuotaSubject(SubjectKind.GROUP, group_id, group_name)
        else:
            subject = QuotaSubject(SubjectKind.API_KEY, shown_id, key_name)
        found.append(QuotaInForce(subject, dict(zip(KINDS, most, strict=True))))
    return found
