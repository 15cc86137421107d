"""Groups as the console declares them."""

import pytest

from accounts.tests.factories import UserFactory
from groups.exceptions import GroupNameExists, LastAdmin
from groups.models import Group, Membership
from groups.services.declared import add_group, remove_group, set_members
from groups.tests.factories import managed_group, member_of, service_account_of
from youworker.audit.lines import with_words
from youworker.core.exceptions import InvalidInput

pytestmark = pytest.mark.django_db


def people_of(group):
    return dict(Membership.objects.filter(group=group).values_list("user__username", "role"))


def test_a_group_has_exactly_its_people_and_nobody_acted():
    group, _ = managed_group(UserFactory(username="anna"))
    ben = member_of(group, user=UserFactory(username="ben"))
    cleo = UserFactory(username="cleo")

    set_members(group, {ben.pk: "admin", cleo.pk: "member"})

    assert people_of(group) == {"ben": "admin", "cleo": "member"}
    acts = with_words().filter(act__startswith="group.member", actor=None)
    assert set(acts.values_list("act", flat=True)) == {
        "group.member.add",
        "group.member.role_change",
        "group.member.remove",
    }


def test_service_accounts_stay_and_deactivated_members_too():
    group, anna = managed_group(UserFactory(username="anna"))
    service_account_of(group, anna)
    gone = member_of(group, user=UserFactory(username="gone", is_active=False))

    set_members(group, {anna.pk: "admin", gone.pk: "member"})

    assert Membership.objects.filter(group=group).count() == 3


@pytest.mark.parametrize("roles", [{}, {"anna": "member"}, {"gone": "admin", "anna": "member"}])
def test_a_group_without_an_active_admin_is_refused(roles):
    group, anna = managed_group(UserFactory(username="anna"))
    gone = member_of(group, user=UserFactory(username="gone", is_active=False))
    known = {"anna": anna.pk, "gone": gone.pk}

    with pytest.raises(LastAdmin):
        set_members(group, {known[name]: role for name, role in roles.items()})

    assert people_of(group)["anna"] == "admin"


def test_who_is_not_active_or_no_person_cannot_come():
    group, anna = managed_group()
    gone = UserFactory(is_active=False)
    program = service_account_of(group, anna).user
    other, _ = managed_group()

    for user in (gone, program):
        with pytest.raises(InvalidInput):
            set_members(other, {user.pk: "member"})
    with pytest.raises(InvalidInput):
        set_members(other, {anna.pk: "boss"})


def test_a_name_that_is_taken_is_refused_with_all_of_it():
    managed_group(name="Sales")

    with pytest.raises(GroupNameExists):
        add_group("sales", description="", roles={UserFactory().pk: "admin"})
    assert Group.objects.count() == 1


def test_a_group_that_is_removed_can_be_restored():
    group, _ = managed_group()

    remove_group(group)

    assert not Group.objects.exists()
    assert Group.all_objects.get().is_deleted
