"""Which limits are in force for somebody, and the only refusal of what would exceed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotas.enums import QuotaKind, SubjectKind
from quotas.exceptions import QuotaExceeded, StorageQuotaExceeded
from quotas.kinds import RULES, seconds_until_room
from quotas.meters import measure_usage
from quotas.statements import find_quotas_in_force
from quotas.types import QuotaLimit, QuotaSubject
from youworker.core.config import config
from youworker.core.sql import lock_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from accounts.models import User
    from quotas.statements import QuotaInForce


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


def refusal(limit: QuotaLimit, used: int) -> QuotaExceeded | StorageQuotaExceeded:
    """The sentence for whoever reached a limit."""
    whose = {
        SubjectKind.USER: "You have",
        SubjectKind.GROUP: f"The group {limit.subject.name!r} has",
        SubjectKind.API_KEY: f"The key {limit.subject.name!r} has",
    }[limit.subject.kind]
    rules = RULES[limit.kind]
    sentence = f"{whose} used {used:,} of {limit.most:,} {rules.words}."
    if rules.is_storage:
        return StorageQuotaExceeded(sentence)
    return QuotaExceeded(sentence, wait=seconds_until_room(limit.kind))
