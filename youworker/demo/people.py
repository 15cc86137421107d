"""The people of the company, their groups and their collections."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from accounts.enums import Language
from accounts.models import User
from documents.enums import Access
from documents.models import Collection, CollectionShare
from groups.enums import Role
from groups.models import Group, Membership
from youworker.demo.words import DEPARTMENTS, FIRST, LAST

if TYPE_CHECKING:
    from uuid import UUID

    from youworker.demo.plan import Plan

# What their names begin with, by which they are told from people that exist.
PREFIX = "demo-"
# No mail goes there (RFC 2606).
DOMAIN = "demo.invalid"


@dataclass
class Company:
    """Who is there, and which collections they have."""

    users: list[User] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    collections: dict[str, Collection] = field(default_factory=dict)
    groups_of: dict[UUID, list[UUID]] = field(default_factory=dict)


def make_company(plan: Plan) -> Company:
    """Write the people, a group for each department, and a collection that it reads."""
    company = Company()
    began = plan.now - timedelta(days=plan.days)
    # Nobody can sign in as one of them until staff give a password.
    password = make_password(None)
    for place in range(plan.users):
        first = FIRST[place % len(FIRST)]
        last = LAST[(place // len(FIRST) + place) % len(LAST)]
        company.users.append(
            User(
                id=plan.ids.at(began),
                username=f"{PREFIX}{first}.{last.replace(' ', '')}.{place + 1}".lower(),
                display_name=f"{first} {last}",
                email=f"{first}.{last.replace(' ', '')}.{place + 1}@{DOMAIN}".lower(),
                language=Language.ITALIAN if place % 3 == 0 else Language.ENGLISH,
                password=password,
                date_joined=began,
                last_login=plan.now - timedelta(days=place % 9, hours=1),
            )
        )
    User.objects.bulk_create(company.users, batch_size=1000)
    make_departments(plan, company)
    return company


def make_departments(plan: Plan, company: Company) -> None:
    """Write the groups with their members and their collections."""
    began = plan.now - timedelta(days=plan.days)
    memberships, shares = [], []
    for place, name in enumerate(DEPARTMENTS):
        group = Group(id=plan.ids.at(began), name=f"Demo: {name}", created_at=began)
        members = company.users[place % plan.users :: len(DEPARTMENTS)]
        owner = members[0]
        collection = Collection(
            id=plan.ids.at(began), owner=owner, name=f"Demo: {name}", created_at=began
        )
        for user in members:
            role = Role.ADMIN if user is owner else Role.MEMBER
            ids = plan.ids.at(began)
            memberships.append(Membership(id=ids, group=group, user=user, role=role))
            company.groups_of.setdefault(user.pk, []).append(group.pk)
        shares.append(
            CollectionShare(
                id=plan.ids.at(began), collection=collection, group=group, access=Access.WRITE
            )
        )
        company.groups.append(group)
        company.collections[name] = collection
    Group.all_objects.bulk_create(company.groups)
    Membership.objects.bulk_create(memberships, batch_size=1000)
    Collection.all_objects.bulk_create(company.collections.values())
    CollectionShare.objects.bulk_create(shares)
