"""What staff do from the admin, on any group or service account."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from groups.exceptions import GroupNameExists
from groups.models import Group, LegalHold, Membership, ServiceAccount
from groups.services.groups import hide_group, show_group
from groups.services.service_accounts import end_account
from groups.services.withdrawal import appoint_admin, has_admin
from youworker import audit
from youworker.core.removal import remove_each

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User
    from groups.managers import GroupQuerySet


@transaction.atomic
def hide_groups(groups: Iterable[Group], *, actor: User) -> int:
    """Delete groups as their admins would; how many were there."""
    chosen = list(Group.objects.filter(pk__in=ids(groups)).locked())
    for group in chosen:
        hide_group(group, actor=actor)
    return len(chosen)


def show_groups(groups: Iterable[Group], *, actor: User) -> int:
    """Restore deleted groups whose name is free and that somebody can manage; how many."""
    restored = 0
    for group_id in ids(groups):
        try:
            restored += show_again(group_id, actor=actor)
        except GroupNameExists:
            continue
    return restored


@transaction.atomic
def show_again(group_id: UUID, *, actor: User) -> bool:
    """Restore one group, with an admin; false when it is not deleted or nobody could be one."""
    group: Group | None = Group.all_objects.deleted().filter(pk=group_id).locked().first()
    if group is None or not appoint_admin(group, actor=actor):
        return False
    show_group(group, actor=actor)
    return True


def removable_groups(groups: Iterable[Group]) -> GroupQuerySet:
    """Those of some groups that may go for good: deleted, with nobody under a legal hold."""
    rows: GroupQuerySet = Group.all_objects.deleted().filter(pk__in=ids(groups))
    held = Membership.objects.filter(user__in=LegalHold.objects.held_users())
    rows = rows.exclude(pk__in=LegalHold.objects.held_groups())
    return rows.exclude(pk__in=held.values("group_id"))


def purge_groups(groups: Iterable[Group], *, actor: User) -> int:
    """Remove deleted groups for good; how many went. What was shared stays with its owners."""
    return remove_each(removable_groups(groups), partial(purge_group, actor=actor))


def purge_group(group: Group, *, actor: User) -> None:
    """Remove a locked group and end the accounts of its programs."""
    for account in ServiceAccount.objects.in_use().filter(group=group).select_related("group"):
        end_account(account, actor=actor)
    audit.record("group.purge", actor=actor, target=group)
    group.hard_delete()


@transaction.atomic
def appoint_admins(groups: Iterable[Group], *, actor: User) -> int:
    """Give living groups without an active admin one; how many got one."""
    chosen = Group.objects.filter(pk__in=ids(groups)).locked()
    orphaned = [group for group in chosen if not has_admin(group)]
    return sum(appoint_admin(group, actor=actor) for group in orphaned)


@transaction.atomic
def end_service_accounts(accounts: Iterable[ServiceAccount], *, actor: User) -> int:
    """End service accounts with their keys; how many were in use."""
    chosen = ServiceAccount.objects.in_use().filter(pk__in=ids(accounts))
    owners = Group.all_objects.filter(pk__in=chosen.values("group_id"))
    list(owners.locked())
    # Read after the lock, so that nobody ends twice.
    found = list(chosen.select_related("group"))
    for account in found:
        end_account(account, actor=actor)
    return len(found)


def ids(rows: Iterable[Group | ServiceAccount]) -> list[UUID]:
    """The ids of the chosen rows."""
    return [row.pk for row in rows]
