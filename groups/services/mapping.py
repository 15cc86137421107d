"""Memberships that follow the groups of an identity provider, where the operator maps them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from groups.enums import Role
from groups.models import Group, Membership
from groups.services.members import add_membership, remove_membership, set_role
from groups.services.rights import has_other_admin, lock_person
from youworker import audit
from youworker.core.config import config
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User

logger = logging.getLogger(__name__)

ADMIN_SUFFIX = ":admin"
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is in the provider's group `outside` is in our group `name`."""

    outside: str
    name: str
    role: Role


@transaction.atomic
def sync_mapped_groups(
    user: User, provider_groups: Iterable[str], *, actor: User | None = None
) -> None:
    """Make a user a member of exactly those mapped groups that the provider says.

    Groups that no rule names are left alone, and no group loses its last admin. Roles follow the
    provider only in groups for which some rule gives the role of an admin.
    """
    rules = group_map()
    if not rules or lock_person(user.pk) is None:
        return
    said = frozenset(provider_groups)
    matching = [rule for rule in rules if rule.outside in said]
    admin_of = {folded(rule) for rule in matching if rule.role == Role.ADMIN}
    member_of = {folded(rule) for rule in matching}
    governed = {folded(rule) for rule in rules if rule.role == Role.ADMIN}
    make_missing(matching, actor=actor)
    for group in Group.objects.named({folded(rule) for rule in rules}).locked():
        key = group.name.lower()
        found = Membership.objects.filter(group=group, user=user).first()
        if key in member_of:
            role = Role.ADMIN if key in admin_of else Role.MEMBER
            ensure_membership(group, user, found, role, governed=key in governed, actor=actor)
        elif found is not None and may_lose(found):
            remove_membership(found, actor=actor)


def ensure_membership(
    group: Group,
    user: User,
    found: Membership | None,
    role: Role,
    *,
    governed: bool,
    actor: User | None,
) -> None:
    """Make somebody a member of a locked group, in the role the rules give."""
    if found is None:
        add_membership(group, user, role=role, actor=actor)
    elif governed and found.role != role and (role == Role.ADMIN or may_lose(found)):
        set_role(found, role, actor=actor)


def may_lose(membership: Membership) -> bool:
    """Whether somebody else could manage the locked group."""
    if membership.role != Role.ADMIN or has_other_admin(membership):
        return True
    logger.warning("Group %s keeps its last admin, whom the provider removed", membership.group_id)
    return False


def make_missing(rules: list[Rule], *, actor: User | None) -> None:
    """Create the groups of rules that somebody matches; one that was deleted stays deleted."""
    for rule in rules:
        if Group.all_objects.named({folded(rule)}).exists():
            continue
        group = Group(name=rule.name)
        # Two people may sign in at once: the second finds the group of the first.
        Group.objects.bulk_create([group], ignore_conflicts=True)
        if Group.objects.filter(pk=group.pk).exists():
            audit.record("group.create", actor=actor, target=group)


def folded(rule: Rule) -> str:
    """The name of our group as it is compared."""
    return rule.name.lower()


def group_map() -> tuple[Rule, ...]:
    """The rules of `SSO_GROUP_MAP`; raises `ImproperlyConfigured` for one that cannot be read."""
    return parsed_map(config.identity.group_map)


@cache
def parsed_map(entries: tuple[str, ...]) -> tuple[Rule, ...]:
    """Entries such as `it-staff=IT:admin`; the last equals sign divides."""
    return tuple(parsed_rule(entry) for entry in entries)


def parsed_rule(entry: str) -> Rule:
    """One entry."""
    outside, _, ours = (part.strip() for part in entry.rpartition("="))
    name = clean_name(ours.removesuffix(ADMIN_SUFFIX))
    if not outside or not name or len(name) > LONGEST_NAME:
        raise ImproperlyConfigured(
            f"SSO_GROUP_MAP must hold entries such as it-staff=IT:admin, not {entry!r}."
        )
    return Rule(outside, name, Role.ADMIN if ours.endswith(ADMIN_SUFFIX) else Role.MEMBER)
