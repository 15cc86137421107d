"""Who belongs to a group, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from groups.enums import Role
from groups.exceptions import MembershipExists, ServiceAccountBound
from groups.models import Group, Membership
from groups.services.rights import (
    joined_group,
    lock_person,
    managed_group,
    membership_of,
    require_other_admin,
)
from youworker import audit
from youworker.core.exceptions import InvalidInput
from youworker.core.validators import validate_enum

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


@validate_enum("role", Role)
@transaction.atomic
def add_member(group: Group, *, user_id: UUID, role: str = Role.MEMBER, actor: User) -> Membership:
    """Take an active person into a group.

    Raises `MembershipExists`, and `InvalidInput` for anybody who is not there or not active.
    """
    person = lock_person(user_id)
    group = managed_group(group.pk, actor=actor)
    if person is None or not person.is_active:
        raise InvalidInput("There is no such active user.", attr="user_id")
    return add_membership(group, person, role=role, actor=actor)


@validate_enum("role", Role)
@transaction.atomic
def change_role(group: Group, *, user_id: UUID, role: str, actor: User) -> Membership:
    """Make a member an admin or the other way round; raises `LastAdmin`."""
    group = managed_group(group.pk, actor=actor)
    membership = membership_of(group, user_id)
    require_person(membership)
    if membership.role != role:
        if membership.role == Role.ADMIN:
            require_other_admin(membership)
        set_role(membership, role, actor=actor)
    return membership


@transaction.atomic
def remove_member(group: Group, *, user_id: UUID, actor: User) -> None:
    """Remove a member, as an admin, or leave; raises `LastAdmin`."""
    find = joined_group if user_id == actor.pk else managed_group
    membership = membership_of(find(group.pk, actor=actor), user_id)
    require_person(membership)
    if membership.role == Role.ADMIN:
        require_other_admin(membership)
    remove_membership(membership, actor=actor)


def require_person(membership: Membership) -> None:
    """Raise `ServiceAccountBound` for a program's membership."""
    if membership.user.is_service:
        raise ServiceAccountBound("Service accounts are managed on a page of their own.")


def add_membership(group: Group, user: User, *, role: str, actor: User | None) -> Membership:
    """Write a membership of a locked group; raises `MembershipExists`."""
    try:
        with transaction.atomic():
            membership = Membership.objects.create(group=group, user=user, role=role)
    except IntegrityError as error:
        raise MembershipExists("This user is a member already.") from error
    details = {"user": str(user.pk), "role": str(role)}
    audit.record("group.member.add", actor=actor, target=group, **details)
    return membership


def set_role(membership: Membership, role: str, *, actor: User | None) -> None:
    """Write a role in a locked group."""
    membership.role = role
    membership.save_fields("role")
    details = {"user": str(membership.user_id), "role": str(role)}
    audit.record("group.member.role_change", actor=actor, target=membership.group, **details)


def remove_membership(membership: Membership, *, actor: User | None) -> None:
    """Remove a membership of a locked group."""
    membership.delete()
    user_id = str(membership.user_id)
    audit.record("group.member.remove", actor=actor, target=membership.group, user=user_id)
