"""Who sees which group."""

import pytest
from django.db import IntegrityError

from accounts.tests.factories import UserFactory
from groups.enums import Role
from groups.models import Group, Membership, ServiceAccount
from groups.tests.factories import (
    GroupFactory,
    MembershipFactory,
    managed_group,
    member_of,
    service_account_of,
)

pytestmark = pytest.mark.django_db


def test_people_see_the_groups_they_belong_to():
    user = UserFactory()
    own = MembershipFactory(user=user).group
    MembershipFactory.create_batch(2, group=own)
    MembershipFactory()

    assert list(Group.objects.visible_to(user)) == [own]


def test_deleted_groups_are_hidden_and_kept():
    user = UserFactory()
    group = MembershipFactory(user=user).group
    group.soft_delete()

    assert not Group.objects.visible_to(user).exists()
    assert Group.all_objects.visible_to(user).get() == group


def test_only_admins_manage():
    user = UserFactory()
    MembershipFactory(user=user, role=Role.MEMBER)
    managed = MembershipFactory(user=user, role=Role.ADMIN).group
    MembershipFactory(role=Role.ADMIN)

    assert list(Group.objects.managed_by(user)) == [managed]


def test_people_see_the_members_of_their_own_groups():
    user = UserFactory()
    own = MembershipFactory(user=user)
    colleague = MembershipFactory(group=own.group, role=Role.ADMIN)
    MembershipFactory()
    gone = MembershipFactory(user=user)
    gone.group.soft_delete()

    assert set(Membership.objects.visible_to(user)) == {own, colleague}
    assert list(Membership.objects.visible_to(user).admins()) == [colleague]


def test_names_are_unique_among_living_groups_whatever_the_case():
    first = GroupFactory(name="Sales")
    first.soft_delete()
    GroupFactory(name="SALES")

    with pytest.raises(IntegrityError, match="group_name_once"):
        GroupFactory(name="sales")


def test_nobody_belongs_to_a_group_twice():
    membership = MembershipFactory()

    with pytest.raises(IntegrityError, match="membership_once_per_user"):
        MembershipFactory(group=membership.group, user=membership.user)


def test_the_role_and_the_members_are_counted_apart():
    group, admin = managed_group()
    MembershipFactory.create_batch(2, group=group)
    managed_group(admin)

    found = Group.objects.with_role_of(admin).with_member_count().get(pk=group.pk)
    seen_by_others = Group.objects.with_role_of(UserFactory()).with_member_count().get(pk=group.pk)

    assert (found.role, found.member_count) == (Role.ADMIN, 3)
    assert (seen_by_others.role, seen_by_others.member_count) == (None, 3)


def test_only_active_people_are_able_to_manage():
    group, admin = managed_group()
    service_account_of(group, admin)
    MembershipFactory(group=group, user=UserFactory(is_active=False))

    assert [one.user for one in Membership.objects.filter(group=group).active_people()] == [admin]


def test_service_accounts_are_visible_to_the_admins_of_their_living_group():
    group, admin = managed_group()
    account = service_account_of(group, admin)
    service_account_of(*managed_group())

    assert list(ServiceAccount.objects.visible_to(admin)) == [account]
    assert not ServiceAccount.objects.visible_to(member_of(group)).exists()
    group.soft_delete()
    assert not ServiceAccount.objects.visible_to(admin).exists()
