"""Users of programs."""

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiKey, User
from accounts.services import create_api_key, rotate_api_key, user_of_key
from accounts.tests.factories import ApiKeyFactory, UserFactory
from groups import services
from groups.enums import Role
from groups.exceptions import LastAdmin, NotGroupAdmin, ServiceAccountBound, TooManyServiceAccounts
from groups.models import Group, ServiceAccount
from groups.services import service_accounts
from groups.tests.factories import MembershipFactory, managed_group, member_of, service_account_of
from groups.tests.helpers import audited, roles
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def owned():
    """A group, its admin, and a service account."""
    group, admin = managed_group()
    return group, admin, service_account_of(group, admin)


def key_of(account, admin, *scopes):
    return services.create_service_key(
        account, name="server", scopes=scopes or ["chat"], actor=admin
    )


def test_create_makes_a_member_who_cannot_sign_in():
    group, admin = managed_group()

    account = services.create_service_account(group, name=" Nightly import ", actor=admin)

    user = User.objects.get(pk=account.user_id)
    assert (account.name, account.group, account.created_by) == ("Nightly import", group, admin)
    assert (user.has_usable_password(), user.is_staff, user.is_service) == (False, False, True)
    assert roles(group)[user.username] == Role.MEMBER
    assert not admin.is_service
    assert audited() == [
        ("group.member.add", str(group.pk), str(user.pk)),
        ("group.service_account.create", str(group.pk), str(user.pk)),
    ]


def test_no_password_signs_a_service_account_in(owned):
    _group, _admin, account = owned

    for password in ("", "!", account.user.password):
        body = {"username": account.user.username, "password": password}
        answer = APIClient().post("/v1/auth/login", body)
        assert answer.status_code in (400, 401)


def test_create_needs_a_name_and_an_admin():
    group, admin = managed_group()

    with pytest.raises(InvalidInput):
        services.create_service_account(group, name=" ", actor=admin)
    with pytest.raises(NotGroupAdmin):
        services.create_service_account(group, name="x", actor=member_of(group))
    with pytest.raises(NotFound):
        services.create_service_account(group, name="x", actor=managed_group()[1])

    assert not ServiceAccount.objects.exists()


def test_their_number_is_limited_and_those_that_ended_do_not_count(owned, monkeypatch):
    monkeypatch.setattr(service_accounts, "MOST_PER_GROUP", 1)
    group, admin, account = owned

    with pytest.raises(TooManyServiceAccounts):
        service_account_of(group, admin)
    services.remove_service_account(account, actor=admin)
    service_account_of(group, admin)

    assert ServiceAccount.objects.in_use().count() == 1


def test_keys_are_made_and_ended_by_admins(owned):
    _group, admin, account = owned

    key, secret = key_of(account, admin, "chat", "documents.read")
    found = user_of_key(secret)
    services.revoke_service_key(account, key_id=key.pk, actor=admin)

    assert found == (account.user, key)
    assert key.scopes == ["chat", "documents.read"]
    assert user_of_key(secret) is None
    assert [line[0] for line in audited()[2:]] == [
        "user.api_key.create",
        "user.api_key.revoke",
        "auth.unauthorized",
    ]


def test_keys_are_not_for_members_strangers_or_the_scope_admin(owned):
    group, admin, account = owned
    key, secret = key_of(account, admin)

    with pytest.raises(NotGroupAdmin):
        key_of(account, member_of(group))
    with pytest.raises(NotFound):
        key_of(account, managed_group()[1])
    with pytest.raises(NotGroupAdmin):
        services.revoke_service_key(account, key_id=key.pk, actor=account.user)
    with pytest.raises(InvalidInput):
        key_of(account, admin, "chat", "admin")
    with pytest.raises(InvalidInput):
        key_of(account, admin, "root")
    with pytest.raises(NotFound):
        services.revoke_service_key(account, key_id=ApiKeyFactory(user=admin).pk, actor=admin)

    assert user_of_key(secret) is not None


def test_the_scope_admin_stays_refused_when_somebody_made_the_user_staff(owned):
    _group, admin, account = owned
    User.objects.filter(pk=account.user_id).update(is_staff=True)

    with pytest.raises(InvalidInput):
        key_of(account, admin, "admin")


def test_a_service_account_cannot_make_keys_for_itself(owned):
    _group, admin, account = owned
    key, _secret = key_of(account, admin)

    with pytest.raises(Forbidden):
        create_api_key(account.user, name="more", scopes=["chat"], actor=account.user)
    with pytest.raises(Forbidden):
        rotate_api_key(key, actor=account.user)

    assert ApiKey.objects.count() == 1


def test_a_service_account_founds_no_group_and_does_not_leave(owned):
    group, _admin, account = owned

    with pytest.raises(Forbidden):
        services.create_group("Its own", actor=account.user)
    with pytest.raises(ServiceAccountBound):
        services.remove_member(group, user_id=account.user_id, actor=account.user)

    assert Group.objects.count() == 1


def test_a_service_account_is_not_promoted_removed_or_added_elsewhere(owned):
    group, admin, account = owned
    other, other_admin = managed_group()
    MembershipFactory(group=other, user=admin, role=Role.ADMIN)

    with pytest.raises(ServiceAccountBound):
        services.change_role(group, user_id=account.user_id, role=Role.ADMIN, actor=admin)
    with pytest.raises(ServiceAccountBound):
        services.remove_member(group, user_id=account.user_id, actor=admin)
    for actor in (admin, other_admin):
        with pytest.raises(InvalidInput) as refusal:
            services.add_member(other, user_id=account.user_id, actor=actor)

    assert refusal.value.attr == "user_id"
    assert account.user.username not in roles(other)
    assert roles(group)[account.user.username] == Role.MEMBER


def test_a_service_account_is_not_the_admin_who_remains(owned):
    group, admin, account = owned
    group.memberships.filter(user=account.user).update(role=Role.ADMIN)

    with pytest.raises(LastAdmin):
        services.remove_member(group, user_id=admin.pk, actor=admin)


def test_remove_ends_the_user_and_its_keys(owned):
    group, admin, account = owned
    _key, secret = key_of(account, admin)

    services.remove_service_account(account, actor=admin)

    account.user.refresh_from_db()
    assert user_of_key(secret) is None
    assert not account.user.is_active
    assert not ApiKey.objects.filter(revoked_at__isnull=True).exists()
    assert account.user.username not in roles(group)
    assert [line[0] for line in audited()[3:]] == [
        "user.api_key.revoke",
        "group.member.remove",
        "group.service_account.delete",
        "auth.unauthorized",
    ]
    with pytest.raises(NotFound):
        services.remove_service_account(account, actor=admin)
    with pytest.raises(NotFound):
        key_of(account, admin)


def test_keys_sleep_while_the_group_is_deleted(owned):
    group, admin, account = owned
    _key, secret = key_of(account, admin)
    removed = service_account_of(group, admin)
    services.remove_service_account(removed, actor=admin)

    services.delete_group(group, actor=admin)
    asleep = user_of_key(secret)
    with pytest.raises(NotFound):
        key_of(account, admin)
    services.restore_group(group, actor=admin)

    removed.user.refresh_from_db()
    assert asleep is None
    assert user_of_key(secret) is not None
    assert not removed.user.is_active


def test_a_service_account_outlives_the_admin_who_made_it(owned):
    group, admin, account = owned
    heir = member_of(group)
    _key, secret = key_of(account, admin)

    services.remove_from_all_groups(admin, actor=admin)
    admin.delete()

    account.refresh_from_db()
    assert account.created_by is None
    assert user_of_key(secret) is not None
    assert roles(group)[heir.username] == Role.ADMIN


def test_the_mark_outlives_a_group_that_is_purged(owned):
    group, admin, account = owned
    services.delete_group(group, actor=admin)

    Group.all_objects.filter(pk=group.pk).hard_delete()

    account.refresh_from_db()
    assert account.group is None
    assert account.user.is_service
    assert not account.user.is_active
    with pytest.raises(NotFound):
        key_of(account, admin)


def test_people_do_not_find_service_accounts(owned):
    _group, admin, account = owned
    person = UserFactory(username="nightly")
    client = APIClient()
    client.force_authenticate(admin)

    found = client.get("/v1/users", {"search": "nightly"}).json()["results"]

    assert account.user.display_name == "Nightly import"
    assert [row["id"] for row in found] == [str(person.pk)]
