"""Taking somebody out of every group, and who manages a group then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from groups.enums import Role
from groups.models import Group, Membership, ServiceAccount
from groups.services.groups import hide_group
from groups.services.members import remove_membership, set_role
from groups.services.rights import lock_person
from groups.services.service_accounts import end_account

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def remove_from_all_groups(user: User, *, actor: User | None) -> int:
    """Take a user out of every group, deleted ones included; how many there were.

    Where they were the last admin, the longest active member becomes admin; where nobody is
    left to be one, the group is deleted. A service account ends.
    """
    lock_person(user.pk)
    groups = list(Group.all_objects.visible_to(user).locked())
    # Read after the locks: others may have removed them from some of them.
    memberships = Membership.objects.filter(user=user, group__in=groups).select_related("group")
    for membership in memberships.order_by("group_id"):
        end_membership(membership, actor=actor)
    for account in ServiceAccount.objects.in_use().filter(user=user).select_related("group"):
        end_account(account, actor=actor)
    return len(groups)


def end_membership(membership: Membership, *, actor: User | None) -> None:
    """End one membership of a locked group."""
    group = membership.group
    remove_membership(membership, actor=actor)
    if membership.role != Role.ADMIN or appoint_admin(group, actor=actor):
        return
    if not group.is_deleted:
        hide_group(group, actor=actor)


def has_admin(group: Group) -> bool:
    """Whether somebody who is active manages the group."""
    return Membership.objects.filter(group=group).active_people().admins().exists()


def appoint_admin(group: Group, *, actor: User | None) -> bool:
    """Make sure that a locked group has an active admin; false when nobody could be one."""
    if has_admin(group):
        return True
    members = Membership.objects.filter(group=group).active_people().select_related("group")
    longest = members.oldest_first().first()
    if longest is None:
        return False
    set_role(longest, Role.ADMIN, actor=actor)
    return True
