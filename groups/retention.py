"""What staff decide about keeping data: legal holds, and how long a group's conversations live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from groups.models import Group, LegalHold
from youworker import audit
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_DAYS = 36_500


@validate_not_empty("reason")
@transaction.atomic
def place_hold(
    *, user: User | None = None, group: Group | None = None, reason: str, actor: User
) -> LegalHold:
    """Keep everything of a user, or of a group and its members; exactly one has to be given.

    Raises `NotFound` for one that is removed for good at this moment.
    """
    require_staff(actor)
    if (user is None) == (group is None):
        raise InvalidInput("A hold is on a user or on a group.")
    held: Any = user or group
    # Locked, so that whoever removes it sees the hold, or is seen to have removed it.
    rows = type(held)._base_manager.filter(pk=held.pk)  # noqa: SLF001 -- deleted groups, too
    if rows.select_for_update(no_key=True).first() is None:
        raise NotFound("It does not exist any more.")
    hold = LegalHold.objects.create(user=user, group=group, reason=reason.strip(), set_by=actor)
    audit.record(
        "admin.settings.update", actor=actor, target=hold, setting="legal_hold", **on(hold)
    )
    return hold


@transaction.atomic
def release_hold(hold: LegalHold, *, actor: User) -> None:
    """Lift a hold; nothing happens when it was lifted before."""
    require_staff(actor)
    now = timezone.now()
    rows = LegalHold.objects.in_force().filter(pk=hold.pk)
    if rows.update(released_at=now, released_by=actor, updated_at=now):
        audit.record(
            "admin.settings.update",
            actor=actor,
            target=hold,
            setting="legal_hold_release",
            **on(hold),
        )


def on(hold: LegalHold) -> dict[str, str]:
    """Whom a hold is on, for the audit log."""
    return {"user": str(hold.user_id)} if hold.user_id else {"group": str(hold.group_id)}


def may_set_retention(group: Group, actor: User) -> bool:
    """Whether somebody may say how long conversations are kept."""
    return actor.is_staff or Group.objects.managed_by(actor).filter(pk=group.pk).exists()


@transaction.atomic
def set_retention(group: Group, days: int | None, *, actor: User | None) -> Group:
    """Say after how many days without activity members' conversations go; none for no rule.

    Staff, the group's admins and the console (None) may.
    """
    if actor is not None and not may_set_retention(group, actor):
        raise Forbidden("Only an admin of the group may do this.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(
            "This has to be between 1 and %(most)s.", attr="retention_days", most=LONGEST_DAYS
        )
    before = Group.all_objects.values_list("retention_days", flat=True).get(pk=group.pk)
    group.retention_days = days
    group.save_fields("retention_days")
    audit.record(
        "admin.settings.update",
        actor=actor,
        target=group,
        setting="retention_days",
        before=before,
        after=days,
    )
    return group


def require_staff(actor: User) -> None:
    """Raise `Forbidden` for everybody else."""
    if not actor.is_staff:
        raise Forbidden("Only staff may do this.")
