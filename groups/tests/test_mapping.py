"""Memberships that follow a provider's groups."""

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import ImproperlyConfigured

from accounts.tests.factories import UserFactory
from groups.models import Group, Membership
from groups.services import group_map, sync_mapped_groups
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.tests.support.configuring import override_config

RULES = ("it-staff=IT:admin", "it-help=it", "sales=Sales", "crm=Sales")


@pytest.fixture(autouse=True)
def _rules(db):
    with override_config("identity", group_map=RULES):
        yield


def actions():
    return [
        entry.additional_data["action"]
        for entry in LogEntry.objects.order_by("pk")
        if entry.additional_data["action"].startswith("group.")
    ]


def roles(user):
    rows = Membership.objects.filter(user=user).values_list("group__name", "role")
    return dict(rows)


def test_people_join_what_their_provider_says():
    user = UserFactory()
    GroupFactory(name="sales")

    sync_mapped_groups(user, ["sales", "it-help", "unknown"])

    assert roles(user) == {"sales": "member", "it": "member"}
    assert actions() == ["group.create", "group.member.add", "group.member.add"]
    assert {entry.actor for entry in LogEntry.objects.all()} == {None}


def test_a_second_time_changes_nothing():
    user = UserFactory()
    sync_mapped_groups(user, ["sales", "it-staff"])
    before = LogEntry.objects.count()

    sync_mapped_groups(user, ["it-staff", "crm"])

    assert roles(user) == {"IT": "admin", "Sales": "member"}
    assert LogEntry.objects.count() == before


def test_people_leave_mapped_groups_only():
    user = UserFactory()
    mapped, own = GroupFactory(name="Sales"), GroupFactory(name="Chess")
    MembershipFactory(group=mapped, user=user)
    MembershipFactory(group=own, user=user)
    other = MembershipFactory(group=mapped)

    sync_mapped_groups(user, [])

    assert roles(user) == {"Chess": "member"}
    assert roles(other.user) == {"Sales": "member"}
    assert actions() == ["group.member.remove"]


def test_the_higher_of_two_roles_wins_and_follows():
    user = UserFactory()
    MembershipFactory(group=GroupFactory(name="IT"), role="admin")

    sync_mapped_groups(user, ["it-staff", "it-help"])
    assert roles(user) == {"IT": "admin"}

    sync_mapped_groups(user, ["it-help"])
    assert roles(user) == {"IT": "member"}
    assert actions()[-1] == "group.member.role_change"


def test_roles_stay_where_no_rule_gives_one():
    membership = MembershipFactory(group=GroupFactory(name="Sales"), role="admin")

    sync_mapped_groups(membership.user, ["sales"])

    assert roles(membership.user) == {"Sales": "admin"}


@pytest.mark.parametrize("left", [[], ["it-help"]])
def test_a_group_keeps_its_last_admin(left):
    membership = MembershipFactory(group=GroupFactory(name="IT"), role="admin")
    MembershipFactory(group=membership.group)
    asleep = UserFactory(is_active=False)
    MembershipFactory(group=membership.group, user=asleep, role="admin")

    sync_mapped_groups(membership.user, left)

    assert roles(membership.user) == {"IT": "admin"}
    assert actions() == []


def test_a_deleted_group_is_neither_joined_nor_made_again():
    user = UserFactory()
    GroupFactory(name="Sales").soft_delete()

    sync_mapped_groups(user, ["sales"])

    assert roles(user) == {}
    assert Group.all_objects.count() == 1


def test_nothing_happens_without_rules():
    membership = MembershipFactory(group=GroupFactory(name="Sales"))

    with override_config("identity", group_map=()):
        sync_mapped_groups(membership.user, [])

    assert roles(membership.user) == {"Sales": "member"}


def test_names_are_divided_at_the_last_equals_sign():
    with override_config("identity", group_map=("ou=it = IT team:admin", "a=b")):
        rules = [(rule.outside, rule.name, rule.role) for rule in group_map()]

    assert rules == [("ou=it", "IT team", "admin"), ("a", "b", "member")]


@pytest.mark.parametrize("entry", ["sales", "=Sales", "sales=", "sales=:admin", "a=" + "x" * 121])
def test_a_rule_that_cannot_be_read_is_named(entry):
    with (
        override_config("identity", group_map=("a=b", entry)),
        pytest.raises(ImproperlyConfigured, match="SSO_GROUP_MAP"),
    ):
        group_map()
