"""Which limits are in force for somebody, and the only refusal of what would exceed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.functional import lazy
from django.utils.translation import gettext_noop

from quotas.enums import QuotaKind, SubjectKind
from quotas.exceptions import QuotaExceeded, StorageQuotaExceeded
from quotas.meters import measure_usage
from quotas.types import RULES, QuotaLimit, QuotaSubject, seconds_until_room, shown_amount
from youworker.core.config import config
from youworker.core.sql import fetch_rows, lock_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def find_limits(
    user: User, key_id: UUID | None = None, *, kinds: Iterable[QuotaKind] = tuple(QuotaKind)
) -> list[QuotaLimit]:
    """Every limit that counts for a user, and for the key they show; one statement."""
    rows = find_quotas_in_force(user, key_id)
    own = next((row for row in rows if row.subject.kind == SubjectKind.USER), None)
    found = list(limits_of_user(user, own))
    for row in rows:
        if row is not own:
            found += limits_of_row(row)
    wanted = set(kinds)
    return [limit for limit in found if limit.kind in wanted]


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


def limits_of_user(user: User, row: QuotaInForce | None) -> Iterator[QuotaLimit]:
    """A user's own limits: their row's, else the installation's."""
    subject = QuotaSubject.of_user(user)
    for kind in QuotaKind:
        most = row.most[kind] if row else None
        most = getattr(config.quota, kind) or None if most is None else most
        if most is not None:
            yield QuotaLimit(kind, subject, most)


def limits_of_row(row: QuotaInForce) -> Iterator[QuotaLimit]:
    """The limits a group or a key has."""
    for kind, most in row.most.items():
        if most is not None:
            yield QuotaLimit(kind, row.subject, most)


def enforce_quota(limits: Sequence[QuotaLimit], amounts: Mapping[QuotaKind, int]) -> None:
    """Raise `QuotaExceeded` (for files `StorageQuotaExceeded`) when an amount would be too much.

    The caller holds the transaction that adds the amounts: of several at once, one at a time
    is counted. What is refused first is what stands first in `amounts`.
    """
    concerned = [limit for kind in amounts for limit in limits if limit.kind == kind]
    lock_limits(concerned)
    for limit in concerned:
        used = measure_usage(limit.kind, limit.subject)
        if used + amounts[limit.kind] > limit.most:
            raise refusal(limit, used)


def lock_limits(limits: Sequence[QuotaLimit]) -> None:
    """Let one transaction at a time count against these limits; one statement.

    Not against those of a period: what an answer will use is not known when it begins, so the
    transaction adds nothing, and all questions of a group would wait for each other.
    """
    held = [limit for limit in limits if RULES[limit.kind].period is None]
    if held:
        lock_names(*(f"quota:{limit.kind}:{limit.subject.id}" for limit in held))


SENTENCES = {
    SubjectKind.USER: gettext_noop("You have used %(used)s of %(most)s %(what)s."),
    SubjectKind.GROUP: gettext_noop("The group '%(name)s' has used %(used)s of %(most)s %(what)s."),
    SubjectKind.API_KEY: gettext_noop("The key '%(name)s' has used %(used)s of %(most)s %(what)s."),
}


lazily_shown = lazy(shown_amount, str)


def refusal(limit: QuotaLimit, used: int) -> QuotaExceeded | StorageQuotaExceeded:
    """The sentence for whoever reached a limit."""
    rules = RULES[limit.kind]
    details: dict[str, Any] = {
        "used": lazily_shown(limit.kind, used),
        "most": lazily_shown(limit.kind, limit.most),
        "what": rules.words,
        "name": limit.subject.name,
    }
    if rules.is_storage:
        return StorageQuotaExceeded(SENTENCES[limit.subject.kind], **details)
    wait = seconds_until_room(limit.kind)
    return QuotaExceeded(SENTENCES[limit.subject.kind], wait=wait, **details)
