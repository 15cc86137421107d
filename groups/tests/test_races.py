"""What happens at the same moment never leaves a group without an admin."""

import pytest

from accounts.models import ApiKey, User
from accounts.tests.factories import UserFactory
from groups import services
from groups.enums import Role
from groups.exceptions import GroupNameExists, LastAdmin, MembershipExists, NotGroupAdmin
from groups.models import Group, Membership
from groups.tests.factories import GroupFactory, MembershipFactory, managed_group
from groups.tests.helpers import at_once, roles
from youworker.core.exceptions import NotFound

pytestmark = pytest.mark.django_db(transaction=True)


def two_admins():
    group = GroupFactory()
    ada = UserFactory(username="ada")
    bob = UserFactory(username="bob")
    for user in (ada, bob):
        MembershipFactory(group=group, user=user, role=Role.ADMIN)
    MembershipFactory(group=group, user=UserFactory(username="cleo"))
    return group, ada, bob


def leave(group, user):
    services.remove_member(group, user_id=user.pk, actor=user)


def demote(group, user, actor):
    services.change_role(group, user_id=user.pk, role=Role.MEMBER, actor=actor)


def admins(group):
    return [name for name, role in roles(group).items() if role == Role.ADMIN]


def test_two_admins_who_leave_at_once_do_not_both_go():
    group, ada, bob = two_admins()

    errors = at_once(lambda: leave(group, ada), lambda: leave(group, bob))

    assert errors == [LastAdmin]
    assert len(admins(group)) == 1
    assert len(roles(group)) == 2


def test_an_admin_does_not_leave_while_the_other_one_steps_down():
    group, ada, bob = two_admins()

    errors = at_once(lambda: leave(group, ada), lambda: demote(group, bob, bob))

    assert errors == [LastAdmin]
    assert len(admins(group)) == 1


def test_two_admins_cannot_demote_each_other():
    group, ada, bob = two_admins()

    errors = at_once(lambda: demote(group, bob, ada), lambda: demote(group, ada, bob))

    assert errors == [NotGroupAdmin]
    assert len(admins(group)) == 1


def test_two_admins_cannot_remove_each_other():
    group, ada, bob = two_admins()

    errors = at_once(
        lambda: services.remove_member(group, user_id=bob.pk, actor=ada),
        lambda: services.remove_member(group, user_id=ada.pk, actor=bob),
    )

    assert errors == [NotFound]
    assert len(admins(group)) == 1


def test_an_admin_leaves_while_the_other_one_is_withdrawn():
    group, ada, bob = two_admins()

    at_once(lambda: services.remove_from_all_groups(ada, actor=ada), lambda: leave(group, bob))

    # Whoever was second: bob had to stay, or cleo took over.
    assert admins(group) in (["bob"], ["cleo"])
    assert "ada" not in roles(group)


def test_two_admins_who_are_withdrawn_at_once_leave_an_heir():
    group, ada, bob = two_admins()

    errors = at_once(
        lambda: services.remove_from_all_groups(ada, actor=None),
        lambda: services.remove_from_all_groups(bob, actor=None),
    )

    assert errors == []
    assert roles(group) == {"cleo": "admin"}


def test_people_withdrawn_from_several_groups_at_once_do_not_block_each_other():
    users = [UserFactory() for _ in range(2)]
    groups = [GroupFactory() for _ in range(6)]
    for group in groups:
        for user in users:
            MembershipFactory(group=group, user=user, role=Role.ADMIN)

    errors = at_once(
        *[lambda u=user: services.remove_from_all_groups(u, actor=None) for user in users]
    )

    assert errors == []
    assert not Membership.objects.exists()
    assert not Group.objects.exists()


def test_nobody_joins_while_he_is_deactivated_and_withdrawn():
    group, admin = managed_group()
    user = MembershipFactory().user

    def erase():
        User.objects.filter(pk=user.pk).update(is_active=False)
        services.remove_from_all_groups(user, actor=None)

    at_once(
        erase,
        lambda: services.add_member(group, user_id=user.pk, role=Role.ADMIN, actor=admin),
    )

    assert not Membership.objects.filter(user=user).exists()


def test_somebody_is_added_once_at_the_same_moment():
    group, admin = managed_group()
    user = UserFactory()

    errors = at_once(
        *[lambda: services.add_member(group, user_id=user.pk, actor=admin) for _ in range(2)]
    )

    assert errors == [MembershipExists]
    assert len(roles(group)) == 2


def test_a_name_is_given_once_at_the_same_moment():
    users = [UserFactory() for _ in range(2)]

    errors = at_once(*[lambda u=user: services.create_group("Sales", actor=u) for user in users])

    assert errors == [GroupNameExists]
    assert Group.objects.count() == 1


def test_a_group_is_deleted_once_at_the_same_moment():
    group, admin = managed_group()

    errors = at_once(*[lambda: services.delete_group(group, actor=admin) for _ in range(2)])

    assert errors == [NotFound]


def test_a_key_of_a_service_account_is_not_made_while_it_ends():
    group, admin = managed_group()
    account = services.create_service_account(group, name="import", actor=admin)

    at_once(
        lambda: services.remove_service_account(account, actor=admin),
        lambda: services.create_service_key(account, name="k", scopes=["chat"], actor=admin),
    )

    assert not ApiKey.objects.filter(revoked_at__isnull=True).exists()
