"""Taking somebody out of every group."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from groups import services
from groups.enums import Role
from groups.models import Group
from groups.tests.factories import (
    MembershipFactory,
    managed_group,
    member_of,
    service_account_of,
)
from groups.tests.helpers import audited, roles
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


def member_since(group, days, **fields):
    since = timezone.now() - timedelta(days=days)
    return MembershipFactory(group=group, created_at=since, user=UserFactory(**fields)).user


def test_the_longest_active_member_inherits():
    group, admin = managed_group()
    member_since(group, 9, is_active=False)
    heir = member_since(group, 5)
    member_since(group, 1)

    left = services.remove_from_all_groups(admin, actor=admin)

    assert left == 1
    assert [name for name, role in roles(group).items() if role == Role.ADMIN] == [heir.username]
    assert audited() == [
        ("group.member.remove", str(group.pk), str(admin.pk)),
        ("group.member.role_change", str(group.pk), str(heir.pk)),
    ]


def test_another_active_admin_is_enough():
    group, admin = managed_group()
    longest = member_since(group, 9)
    other = MembershipFactory(group=group, role=Role.ADMIN).user

    services.remove_from_all_groups(admin, actor=admin)

    assert roles(group) == {longest.username: Role.MEMBER, other.username: Role.ADMIN}


def test_a_deactivated_admin_is_not_enough():
    group, admin = managed_group()
    gone = UserFactory(is_active=False)
    MembershipFactory(group=group, user=gone, role=Role.ADMIN)
    heir = member_of(group)

    services.remove_from_all_groups(admin, actor=None)

    assert roles(group) == {gone.username: Role.ADMIN, heir.username: Role.ADMIN}


def test_an_admin_who_is_deactivated_before_has_an_heir_too():
    group, admin = managed_group()
    heir = member_of(group)
    admin.is_active = False
    admin.save()

    services.remove_from_all_groups(admin, actor=None)

    assert roles(group) == {heir.username: Role.ADMIN}


def test_a_group_without_anybody_left_is_deleted():
    group, admin = managed_group()

    services.remove_from_all_groups(admin, actor=admin)

    assert refreshed(group).is_deleted
    assert [line[0] for line in audited()] == ["group.member.remove", "group.delete"]


def test_service_accounts_and_deactivated_people_do_not_keep_a_group():
    group, admin = managed_group()
    account = service_account_of(group, admin)
    member_since(group, 3, is_active=False)

    services.remove_from_all_groups(admin, actor=admin)

    account.user.refresh_from_db()
    assert refreshed(group).is_deleted
    assert Role.ADMIN not in roles(group).values()
    assert not account.user.is_active


def test_members_go_without_a_change_for_the_others():
    group, admin = managed_group()
    member = member_of(group)

    services.remove_from_all_groups(member, actor=member)

    assert roles(group) == {admin.username: Role.ADMIN}
    assert not refreshed(group).is_deleted


def test_every_group_of_the_user_is_left_and_no_other_one():
    user = UserFactory()
    groups = [managed_group(user)[0] for _ in range(3)]
    other, _admin = managed_group()

    assert services.remove_from_all_groups(user, actor=user) == 3
    assert services.remove_from_all_groups(user, actor=user) == 0

    assert not any(roles(group) for group in groups)
    assert list(Group.objects.all()) == [other]


def test_deleted_groups_are_left_and_can_still_be_restored_by_the_heir():
    group, admin = managed_group()
    heir = member_of(group)
    services.delete_group(group, actor=admin)

    services.remove_from_all_groups(admin, actor=admin)
    services.restore_group(group, actor=heir)

    assert roles(group) == {heir.username: Role.ADMIN}
    assert not refreshed(group).is_deleted


def test_a_service_account_that_is_withdrawn_ends():
    group, admin = managed_group()
    account = service_account_of(group, admin)

    services.remove_from_all_groups(account.user, actor=None)

    account.refresh_from_db()
    assert account.ended_at is not None
    assert roles(group) == {admin.username: Role.ADMIN}
