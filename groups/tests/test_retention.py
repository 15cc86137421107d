"""Legal holds and rules of groups."""

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError
from django.test import Client

from accounts.tests.factories import UserFactory
from groups import retention
from groups.enums import Role
from groups.models import Group, LegalHold
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.core.exceptions import Forbidden, InvalidInput

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def pages(staff):
    client = Client()
    client.force_login(staff)
    return client


def settings_noted():
    lines = LogEntry.objects.filter(additional_data__action="admin.settings.update")
    return [line.additional_data["setting"] for line in lines.order_by("pk")]


def test_a_hold_is_placed_and_lifted_once(staff):
    user = UserFactory()

    hold = retention.place_hold(user=user, reason="case 12", actor=staff)
    assert LegalHold.objects.covering(user).get() == hold
    for _ in range(2):
        retention.release_hold(hold, actor=staff)

    assert not LegalHold.objects.covering(user).exists()
    assert settings_noted() == ["legal_hold", "legal_hold_release"]


def test_a_hold_on_a_group_covers_its_members(staff):
    membership, other = MembershipFactory(), MembershipFactory()

    retention.place_hold(group=membership.group, reason="case 12", actor=staff)

    assert LegalHold.objects.covering(membership.user).exists()
    assert not LegalHold.objects.covering(other.user).exists()
    assert list(LegalHold.objects.held_users()) == [{"pk": membership.user_id}]


def test_a_hold_is_on_one_thing_and_by_staff(staff):
    user, group = UserFactory(), GroupFactory()

    with pytest.raises(InvalidInput):
        retention.place_hold(reason="case", actor=staff)
    with pytest.raises(InvalidInput):
        retention.place_hold(user=user, group=group, reason="case", actor=staff)
    with pytest.raises(InvalidInput):
        retention.place_hold(user=user, reason=" ", actor=staff)
    with pytest.raises(Forbidden):
        retention.place_hold(user=user, reason="case", actor=user)
    with pytest.raises(IntegrityError):
        LegalHold.objects.create(reason="case")


def test_a_group_gets_a_rule_from_its_admin_or_staff(staff):
    membership = MembershipFactory(role=Role.ADMIN)

    retention.set_retention(membership.group, 30, actor=membership.user)
    retention.set_retention(membership.group, None, actor=staff)

    assert Group.objects.get(pk=membership.group_id).retention_days is None
    lines = LogEntry.objects.filter(additional_data__setting="retention_days").order_by("pk")
    changes = [(line.additional_data["before"], line.additional_data["after"]) for line in lines]
    assert changes == [(None, 30), (30, None)]


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_strange_rules_are_refused(staff, days):
    with pytest.raises(InvalidInput):
        retention.set_retention(GroupFactory(), days, actor=staff)


def test_members_set_no_rule():
    membership = MembershipFactory()

    with pytest.raises(Forbidden):
        retention.set_retention(membership.group, 30, actor=membership.user)


def test_staff_set_a_rule_in_the_admin(pages):
    group = GroupFactory(name="Sales")

    answer = pages.post(
        f"/admin/groups/group/{group.pk}/change/", {"retention_days": "30", "name": "Changed"}
    )

    assert answer.status_code == 302
    group.refresh_from_db()
    assert (group.name, group.retention_days) == ("Sales", 30)
    assert settings_noted() == ["retention_days"]


def test_staff_hold_and_release_in_the_admin(pages):
    user = UserFactory()

    assert pages.get("/admin/groups/legalhold/add/").status_code == 200
    added = pages.post("/admin/groups/legalhold/add/", {"user": user.pk, "reason": "case 12"})
    assert added.status_code == 302, added.context["errors"]
    hold = LegalHold.objects.get()
    assert pages.get(f"/admin/groups/legalhold/{hold.pk}/change/").status_code == 200
    both = {"user": user.pk, "group": GroupFactory().pk, "reason": "x"}
    assert pages.post("/admin/groups/legalhold/add/", both).status_code == 200
    pages.post(
        "/admin/groups/legalhold/", {"action": "release", "_selected_action": [str(hold.pk)]}
    )

    assert not LegalHold.objects.in_force().exists()
    assert settings_noted() == ["legal_hold", "legal_hold_release"]
