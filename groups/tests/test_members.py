"""Who joins, rises, falls and leaves."""

import uuid

import pytest

from accounts.tests.factories import UserFactory
from groups import services
from groups.enums import Role
from groups.exceptions import LastAdmin, MembershipExists, NotGroupAdmin
from groups.models import Membership
from groups.tests.factories import MembershipFactory, managed_group, member_of
from groups.tests.helpers import audited, roles
from youworker.core.exceptions import InvalidInput, NotFound

pytestmark = pytest.mark.django_db


def test_admins_take_people_in():
    group, admin = managed_group()
    bob = UserFactory(username="bob")

    member = services.add_member(group, user_id=bob.pk, role=Role.ADMIN, actor=admin)

    assert (member.user, member.role) == (bob, Role.ADMIN)
    assert audited() == [("group.member.add", str(group.pk), str(bob.pk))]


def test_nobody_is_taken_in_twice():
    group, admin = managed_group()
    member = member_of(group)

    with pytest.raises(MembershipExists):
        services.add_member(group, user_id=member.pk, role=Role.ADMIN, actor=admin)

    assert roles(group)[member.username] == Role.MEMBER


def test_unknown_and_deactivated_people_are_refused_with_the_same_words():
    group, admin = managed_group()
    gone = member_of(group)
    gone.is_active = False
    gone.save()
    refusals = set()

    for user_id in (uuid.uuid4(), UserFactory(is_active=False).pk, gone.pk):
        with pytest.raises(InvalidInput) as refusal:
            services.add_member(group, user_id=user_id, actor=admin)
        refusals.add((refusal.value.attr, refusal.value.message))

    assert len(refusals) == 1
    assert refusals.pop()[0] == "user_id"


@pytest.mark.parametrize("role", ["owner", ""])
def test_there_are_no_other_roles(role):
    group, admin = managed_group()
    member = member_of(group)

    with pytest.raises(InvalidInput):
        services.change_role(group, user_id=member.pk, role=role, actor=admin)
    with pytest.raises(InvalidInput):
        services.add_member(group, user_id=UserFactory().pk, role=role, actor=admin)


def test_members_and_strangers_change_nobody():
    group, admin = managed_group()
    member, other = member_of(group), member_of(group)
    stranger = managed_group()[1]
    acts = [
        lambda actor: services.add_member(group, user_id=UserFactory().pk, actor=actor),
        lambda actor: services.change_role(group, user_id=other.pk, role="admin", actor=actor),
        lambda actor: services.change_role(group, user_id=actor.pk, role="admin", actor=actor),
        lambda actor: services.remove_member(group, user_id=other.pk, actor=actor),
        lambda actor: services.remove_member(group, user_id=admin.pk, actor=actor),
    ]

    for act in acts:
        with pytest.raises(NotGroupAdmin):
            act(member)
        with pytest.raises(NotFound):
            act(stranger)

    assert len(roles(group)) == 3
    assert audited() == []


def test_roles_change_and_are_audited_once():
    group, admin = managed_group()
    member = member_of(group)

    services.change_role(group, user_id=member.pk, role=Role.ADMIN, actor=admin)
    services.change_role(group, user_id=member.pk, role=Role.ADMIN, actor=admin)
    services.change_role(group, user_id=admin.pk, role=Role.MEMBER, actor=member)

    assert roles(group) == {admin.username: Role.MEMBER, member.username: Role.ADMIN}
    assert audited() == [
        ("group.member.role_change", str(group.pk), str(member.pk)),
        ("group.member.role_change", str(group.pk), str(admin.pk)),
    ]


def test_the_last_admin_stays_one():
    group, admin = managed_group()
    member_of(group)

    with pytest.raises(LastAdmin):
        services.change_role(group, user_id=admin.pk, role=Role.MEMBER, actor=admin)
    with pytest.raises(LastAdmin):
        services.remove_member(group, user_id=admin.pk, actor=admin)

    assert roles(group)[admin.username] == Role.ADMIN


def test_a_deactivated_admin_does_not_count_as_the_one_who_remains():
    group, admin = managed_group()
    MembershipFactory(group=group, user=UserFactory(is_active=False), role=Role.ADMIN)

    with pytest.raises(LastAdmin):
        services.remove_member(group, user_id=admin.pk, actor=admin)
    with pytest.raises(LastAdmin):
        services.change_role(group, user_id=admin.pk, role=Role.MEMBER, actor=admin)


def test_a_deactivated_admin_can_be_removed_by_an_active_one():
    group, admin = managed_group()
    gone = UserFactory(is_active=False)
    MembershipFactory(group=group, user=gone, role=Role.ADMIN)

    services.remove_member(group, user_id=gone.pk, actor=admin)

    assert roles(group) == {admin.username: Role.ADMIN}


def test_members_leave_even_when_the_only_admin_is_deactivated():
    group, admin = managed_group()
    member = member_of(group)
    admin.is_active = False
    admin.save()

    services.remove_member(group, user_id=member.pk, actor=member)

    assert roles(group) == {admin.username: Role.ADMIN}


def test_admins_remove_members_and_members_leave():
    group, admin = managed_group()
    removed, leaving = member_of(group), member_of(group)

    services.remove_member(group, user_id=removed.pk, actor=admin)
    services.remove_member(group, user_id=leaving.pk, actor=leaving)

    assert roles(group) == {admin.username: Role.ADMIN}
    assert audited() == [
        ("group.member.remove", str(group.pk), str(removed.pk)),
        ("group.member.remove", str(group.pk), str(leaving.pk)),
    ]


def test_people_who_are_not_in_the_group_cannot_be_removed_or_promoted():
    group, admin = managed_group()
    elsewhere = MembershipFactory().user

    with pytest.raises(NotFound):
        services.remove_member(group, user_id=elsewhere.pk, actor=admin)
    with pytest.raises(NotFound):
        services.change_role(group, user_id=elsewhere.pk, role=Role.ADMIN, actor=admin)

    assert Membership.objects.filter(user=elsewhere).exists()
