"""What people do with groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from groups.enums import Role
from groups.exceptions import GroupNameExists
from groups.models import Group, Membership
from groups.services.rights import lock_person, managed_group
from groups.services.service_accounts import (
    deactivate_service_accounts,
    reactivate_service_accounts,
)
from youworker import audit
from youworker.core.exceptions import Forbidden
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from accounts.models import User


@validate_not_empty("name")
@transaction.atomic
def create_group(name: str, *, description: str = "", actor: User) -> Group:
    """Create a group whose admin is the actor; raises `GroupNameExists`."""
    founder = lock_person(actor.pk)
    if founder is None or not founder.is_active:
        raise Forbidden("Only an active person can have a group.")
    group = save_or_conflict(Group(name=name.strip(), description=description))
    Membership.objects.create(group=group, user=actor, role=Role.ADMIN)
    audit.record("group.create", actor=actor, target=group)
    return group


@validate_not_empty("name")
@transaction.atomic
def update_group(
    group: Group, *, name: str | None = None, description: str | None = None, actor: User
) -> Group:
    """Change what is given; raises `GroupNameExists`."""
    group = managed_group(group.pk, actor=actor)
    changes = {"name": name and name.strip(), "description": description}
    fields = [field for field, value in changes.items() if value is not None]
    for field in fields:
        setattr(group, field, changes[field])
    if fields:
        save_or_conflict(group, *fields)
        audit.record("group.update", actor=actor, target=group, fields=fields)
    return group


@transaction.atomic
def delete_group(group: Group, *, actor: User) -> None:
    """Hide a group: what was shared with it is not seen through it until it is restored."""
    hide_group(managed_group(group.pk, actor=actor), actor=actor)


@transaction.atomic
def restore_group(group: Group, *, actor: User) -> Group:
    """Show a group again that the actor managed; raises `GroupNameExists`."""
    group = managed_group(group.pk, actor=actor, deleted=True)
    if group.is_deleted:
        show_group(group, actor=actor)
    return group


def hide_group(group: Group, *, actor: User | None) -> None:
    """Hide a locked, living group."""
    group.soft_delete()
    deactivate_service_accounts(group)
    audit.record("group.delete", actor=actor, target=group)


def show_group(group: Group, *, actor: User) -> None:
    """Show a locked, deleted group."""
    group.deleted_at = None
    save_or_conflict(group, "deleted_at")
    reactivate_service_accounts(group)
    audit.record("group.restore", actor=actor, target=group)


def save_or_conflict(group: Group, *fields: str) -> Group:
    """Write a new group, or just these fields; raises `GroupNameExists`."""
    try:
        with transaction.atomic():
            if fields:
                group.save_fields(*fields)
            else:
                group.save(force_insert=True)
    except IntegrityError as error:
        raise GroupNameExists("There is a group of this name already.") from error
    return group
