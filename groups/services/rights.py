"""Locks, and who may act: checked again under the lock, so that no two acts cross."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import User
from groups.enums import Role
from groups.exceptions import LastAdmin, NotGroupAdmin
from groups.models import Group, Membership
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from uuid import UUID


def managed_group(group_id: UUID, *, actor: User, deleted: bool = False) -> Group:
    """The group, locked until the transaction ends, for one of its admins.

    Raises `NotFound` for strangers, `NotGroupAdmin` for other members. Deleted groups are
    there only when they are asked for.
    """
    group = joined_group(group_id, actor=actor, deleted=deleted)
    require_admin(group, actor=actor)
    return group


def joined_group(group_id: UUID, *, actor: User, deleted: bool = False) -> Group:
    """The group, locked until the transaction ends, for one of its members."""
    groups: Any = Group.all_objects if deleted else Group.objects
    group: Group | None = groups.filter(pk=group_id).locked().first()
    if group is None or not group.memberships.filter(user=actor).exists():
        raise NotFound("There is no such group.")
    return group


def require_admin(group: Group, *, actor: User) -> None:
    """Raise `NotFound` for strangers, `NotGroupAdmin` for members who are not admins."""
    if membership_of(group, actor.pk).role != Role.ADMIN:
        raise NotGroupAdmin("Only an admin of the group may do this.")


def membership_of(group: Group, user_id: UUID) -> Membership:
    """The membership of a user; raises `NotFound`."""
    rows = Membership.objects.with_user().select_related("group")
    found = rows.filter(group=group, user_id=user_id).first()
    if found is None:
        raise NotFound("There is no such member.")
    return found


def lock_person(user_id: UUID) -> User | None:
    """A user that is no service account, locked until the transaction ends.

    Always before any group: nobody joins one while they are taken out of all of them.
    """
    people = User.objects.humans().filter(pk=user_id)
    return people.select_for_update(of=("self",), no_key=True).first()


def require_other_admin(membership: Membership) -> None:
    """Raise `LastAdmin` when nobody else could manage the locked group."""
    if not has_other_admin(membership):
        raise LastAdmin("The group needs another active admin first; or delete the group.")


def has_other_admin(membership: Membership) -> bool:
    """Whether somebody else could manage the locked group; who is deactivated could not."""
    others = Membership.objects.filter(group_id=membership.group_id).exclude(pk=membership.pk)
    return others.active_people().admins().exists()
