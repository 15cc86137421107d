"""Making, changing, deleting and restoring groups."""

import pytest

from accounts.tests.factories import UserFactory
from groups import services
from groups.enums import Role
from groups.exceptions import GroupNameExists, NotGroupAdmin
from groups.models import Group
from groups.tests.factories import GroupFactory, managed_group, member_of
from groups.tests.helpers import audited, roles
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


def test_create_makes_the_actor_admin():
    ada = UserFactory(username="ada")

    group = services.create_group("  Sales ", description=" as is \n", actor=ada)

    assert (group.name, group.description) == ("Sales", " as is \n")
    assert roles(group) == {"ada": Role.ADMIN}
    assert audited() == [("group.create", str(group.pk), None)]


def test_create_refuses_a_taken_name_whatever_the_case():
    GroupFactory(name="Sales")

    with pytest.raises(GroupNameExists):
        services.create_group("SALES", actor=UserFactory())

    assert Group.objects.count() == 1
    assert audited() == []


@pytest.mark.parametrize("name", ["", " \n"])
def test_create_and_update_refuse_an_empty_name(name):
    group, admin = managed_group()

    with pytest.raises(InvalidInput):
        services.create_group(name, actor=admin)
    with pytest.raises(InvalidInput):
        services.update_group(group, name=name, actor=admin)


def test_create_is_not_for_people_who_are_deactivated():
    with pytest.raises(Forbidden):
        services.create_group("Sales", actor=UserFactory(is_active=False))


def test_update_changes_what_is_given():
    group, admin = managed_group(name="Sales", description="old")

    services.update_group(group, description="", actor=admin)
    services.update_group(group, name=" Trade ", actor=admin)
    services.update_group(group, actor=admin)

    changed = Group.objects.get()
    assert (changed.name, changed.description) == ("Trade", "")
    assert [line[0] for line in audited()] == ["group.update", "group.update"]


def test_update_refuses_a_taken_name_and_takes_its_own_in_another_case():
    group, admin = managed_group(name="Sales")
    GroupFactory(name="Trade")

    services.update_group(group, name="SALES", actor=admin)
    with pytest.raises(GroupNameExists):
        services.update_group(group, name="trade", actor=admin)

    assert refreshed(group).name == "SALES"


@pytest.mark.parametrize("act", [services.update_group, services.delete_group])
def test_only_admins_change_and_delete(act):
    group, _admin = managed_group()

    with pytest.raises(NotGroupAdmin):
        act(group, actor=member_of(group))
    with pytest.raises(NotFound):
        act(group, actor=managed_group()[1])

    assert audited() == []


def test_deleted_groups_are_gone_for_every_act_but_restore():
    group, admin = managed_group()
    services.delete_group(group, actor=admin)

    with pytest.raises(NotFound):
        services.update_group(group, name="x", actor=admin)
    with pytest.raises(NotFound):
        services.delete_group(group, actor=admin)
    services.restore_group(group, actor=admin)
    services.restore_group(group, actor=admin)

    assert Group.objects.get() == group
    assert [line[:2] for line in audited()] == [
        ("group.delete", str(group.pk)),
        ("group.restore", str(group.pk)),
    ]


def test_restore_is_for_former_admins():
    group, admin = managed_group()
    member = member_of(group)
    services.delete_group(group, actor=admin)

    with pytest.raises(NotGroupAdmin):
        services.restore_group(group, actor=member)
    with pytest.raises(NotFound):
        services.restore_group(group, actor=UserFactory())

    assert not Group.objects.exists()


def test_restore_refuses_when_the_name_is_taken_meanwhile():
    group, admin = managed_group(name="Sales")
    services.delete_group(group, actor=admin)
    services.create_group("sales", actor=admin)

    with pytest.raises(GroupNameExists):
        services.restore_group(group, actor=admin)

    assert refreshed(group).is_deleted
