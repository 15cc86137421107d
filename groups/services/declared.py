"""Groups as the console declares them: by name, with all of their people, whoever manages them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from groups.enums import Role
from groups.exceptions import LastAdmin
from groups.models import Group, Membership
from groups.services.groups import hide_group, save_or_conflict
from groups.services.members import add_membership, remove_membership, set_role
from groups.services.rights import lock_person
from groups.services.withdrawal import has_admin
from youworker import audit
from youworker.core.exceptions import InvalidInput
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

ROLES = set(Role.values)


@validate_not_empty("name")
@transaction.atomic
def add_group(name: str, *, description: str, roles: Mapping[UUID, str]) -> Group:
    """Create a group with its people; raises `GroupNameExists`, `LastAdmin`, `InvalidInput`."""
    group = save_or_conflict(Group(name=name, description=description))
    audit.record("group.create", actor=None, target=group)
    set_members(group, roles)
    return group


@transaction.atomic
def set_description(group: Group, description: str) -> None:
    """Change what a group says of itself."""
    group.description = description
    group.save_fields("description")
    audit.record("group.update", actor=None, target=group, fields=["description"])


@transaction.atomic
def set_members(group: Group, roles: Mapping[UUID, str]) -> None:
    """Make these, and nobody else, the people of a group; its service accounts stay.

    Raises `LastAdmin` when nobody active would be an admin, `InvalidInput` for somebody who
    cannot be a member.
    """
    people = {pk: lock_person(pk) for pk in sorted(roles)}
    locked: Group = Group.objects.filter(pk=group.pk).locked().get()
    rows = Membership.objects.filter(group=locked).with_user().select_related("group")
    known = {row.user_id: row for row in rows if not row.user.is_service}
    for pk, role in roles.items():
        person = people[pk]
        if person is None or role not in ROLES or not (person.is_active or pk in known):
            raise InvalidInput("There is no such active user.", attr="members")
        if pk not in known:
            add_membership(locked, person, role=role, actor=None)
        elif known[pk].role != role:
            set_role(known[pk], role, actor=None)
    for pk in known.keys() - roles.keys():
        remove_membership(known[pk], actor=None)
    if not has_admin(locked):
        raise LastAdmin("The group needs another active admin first; or delete the group.")


@transaction.atomic
def remove_group(group: Group) -> None:
    """Delete a group as its admins would: it can be restored."""
    for locked in Group.objects.filter(pk=group.pk).locked():
        hide_group(locked, actor=None)
