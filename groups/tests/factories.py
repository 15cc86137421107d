"""Groups for tests."""

from __future__ import annotations

import factory

from accounts.tests.factories import UserFactory
from groups import services
from groups.enums import Role
from groups.models import Group, Membership


class GroupFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Group

    name = factory.Sequence(lambda n: f"Group {n}")


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    group = factory.SubFactory(GroupFactory)
    user = factory.SubFactory(UserFactory)


def managed_group(user=None, **fields):
    """A group with an admin, and the admin."""
    membership = MembershipFactory(
        group=GroupFactory(**fields), user=user or UserFactory(), role=Role.ADMIN
    )
    return membership.group, membership.user


def member_of(group, **fields):
    """A new user in a group."""
    return MembershipFactory(group=group, **fields).user


def service_account_of(group, admin, name="Nightly import"):
    """A service account, made by an admin of the group."""
    return services.create_service_account(group, name=name, actor=admin)
