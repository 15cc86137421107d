"""Groups, the collections that are shared with them, and limits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.models import User
from documents.models import Collection, CollectionShare
from documents.services import ShareInput, create_collection, update_collection
from groups.enums import Role
from groups.models import Group, Membership
from groups.retention import set_retention
from groups.services.declared import (
    add_group,
    remove_group,
    set_description,
    set_members,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from youworker.configuration import shapes
    from youworker.configuration.plan import Plan
    from youworker.configuration.reading import Path


def export_groups(*, with_members: bool = True) -> dict[str, Any]:
    """All groups by name, as they stand in a file."""
    members = members_by_group() if with_members else None
    return {group.name: described_group(group, members) for group in Group.objects.order_by("name")}


def described_group(group: Group, members: Mapping[Any, dict[str, str]] | None) -> dict[str, Any]:
    """A group as it stands in a file."""
    said: dict[str, Any] = {
        "description": group.description,
        "retention_days": group.retention_days,
    }
    return said if members is None else said | {"members": members.get(group.pk, {})}


def members_by_group() -> dict[Any, dict[str, str]]:
    """The people of each group with their roles, by user name."""
    found: dict[Any, dict[str, str]] = defaultdict(dict)
    rows = Membership.objects.filter(user__in=User.objects.humans()).order_by("user__username")
    for group_id, username, role in rows.values_list("group_id", "user__username", "role"):
        found[group_id][username] = role
    return found


@dataclass(slots=True)
class GroupsApplied:
    """Brings groups to what a file says; `founder` manages those that nobody else could."""

    plan: Plan
    founder: User

    def apply(self, wanted: Mapping[str, shapes.Group]) -> None:
        """Make, change and, if that is wished, delete groups."""
        rows = {row.name.lower(): row for row in Group.objects.all()}
        members = members_by_group()
        seen: set[str] = set()
        for name, shape in wanted.items():
            path = ("groups", name)
            if name.lower() in seen:
                raise self.plan.refusal(path, "names that differ in case only are one group")
            seen.add(name.lower())
            with self.plan.at(path):
                self.apply_one(path, shape, rows.get(name.lower()), members)
        if self.plan.prune:
            for key in sorted(rows.keys() - seen):
                self.plan.delete(("groups", rows[key].name))
                remove_group(rows[key])

    def apply_one(
        self,
        path: Path,
        shape: shapes.Group,
        row: Group | None,
        members: Mapping[Any, dict[str, str]],
    ) -> None:
        """Bring one group to what the file says of it."""
        said = shape.given()
        people: dict[str, User] = {}
        if "members" in said or row is None:
            known = members.get(row.pk, {}) if row else {}
            people = self.people_of(path, shape.members, known)
            said["members"] = self.managed(shape.members, people)
        before = described_group(row, members) if row else None
        changed = self.plan.compare(path, before, said)
        roles = {people[username].pk: role for username, role in said.get("members", {}).items()}
        if row is None:
            row = add_group(str(path[-1]), description=shape.description, roles=roles)
            changed -= {"description", "members"}
        if "description" in changed:
            set_description(row, shape.description)
        if "members" in changed:
            set_members(row, roles)
        if "retention_days" in changed and row.retention_days != shape.retention_days:
            set_retention(row, shape.retention_days, actor=None)

    def people_of(
        self, path: Path, wanted: Iterable[str], present: Iterable[str]
    ) -> dict[str, User]:
        """Those who may be members, by name; the others are told."""
        rows = User.objects.humans().filter(username__in=list(wanted))
        kept = set(present)
        people = {row.username: row for row in rows if row.is_active or row.username in kept}
        for username in wanted:
            if username not in people:
                self.plan.leave_out((*path, "members", username), "there is no such active user")
        return people

    def managed(self, wanted: Mapping[str, str], people: dict[str, User]) -> dict[str, str]:
        """The members with their roles, with somebody among them who can be an admin."""
        roles = {name: role for name, role in wanted.items() if name in people}
        if not any(people[name].is_active for name in roles if roles[name] == Role.ADMIN):
            people[self.founder.username] = self.founder
            roles[self.founder.username] = Role.ADMIN.value
        return dict(sorted(roles.items()))


def export_collections() -> dict[str, Any]:
    """The collections that are shared with groups, by owner and name; others are private."""
    shares = CollectionShare.objects.of_living_groups()
    rows = named_collections().filter(pk__in=shares.values("collection"))
    found: dict[str, Any] = {}
    for row in rows.select_related("owner").order_by("owner__username", "name"):
        found.setdefault(row.owner.username, {})[row.name] = described_collection(row)
    return found


def named_collections() -> Any:
    """Collections that somebody named."""
    return Collection.objects.filter(is_default=False, is_private=False)


def described_collection(row: Collection) -> dict[str, Any]:
    """A collection as it stands in a file."""
    shares = CollectionShare.objects.of_living_groups().filter(collection=row)
    named = shares.order_by("group__name").values_list("group__name", "access")
    return {"description": row.description, "shares": dict(named)}


def apply_collections(wanted: Mapping[str, Mapping[str, shapes.Collection]], plan: Plan) -> None:
    """Make and change collections, as their owners; none is ever deleted: they hold documents."""
    for username, collections in wanted.items():
        owner = User.objects.humans().filter(username=username, is_active=True).first()
        if owner is None:
            plan.leave_out(("collections", username), "there is no such active user")
            continue
        for name, shape in collections.items():
            path = ("collections", username, name)
            with plan.at(path):
                apply_collection(path, shape, owner, plan)


def apply_collection(path: Path, shape: shapes.Collection, owner: User, plan: Plan) -> None:
    """Bring one collection to what the file says of it."""
    name = str(path[-1])
    row = named_collections().filter(owner=owner, name__iexact=name).first()
    before = described_collection(row) if row else None
    changed = plan.compare(path, before, shape.given())
    shares = shares_of(path, shape, row, plan) if "shares" in changed else []
    if row is None:
        create_collection(name, description=shape.description, shares=shares, actor=owner)
        return
    changes: dict[str, Any] = {}
    if "description" in changed:
        changes["description"] = shape.description
    if "shares" in changed:
        changes["shares"] = shares
    if changes:
        update_collection(row, actor=owner, **changes)


def shares_of(
    path: Path, shape: shapes.Collection, row: Collection | None, plan: Plan
) -> list[ShareInput]:
    """The shares a file names, and those with deleted groups, which may come back."""
    found: list[ShareInput] = []
    for name, access in shape.shares.items():
        group = Group.objects.named({name.lower()}).first()
        if group is None:
            raise plan.refusal((*path, "shares", name), "there is no such group")
        found.append(ShareInput(group_id=group.pk, access=access))
    hidden = CollectionShare.objects.filter(collection=row, group__deleted_at__isnull=False)
    return found + [ShareInput(group_id=one.group_id, access=one.access) for one in hidden]
