"""The pages of groups."""

import re

import pytest
from django.test import Client

from accounts.models import ApiKey
from accounts.tests.factories import UserFactory
from groups.enums import Role
from groups.models import Group, Membership
from groups.services import create_service_account
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    """A browser; that of the other tests calls the API."""
    return Client()


@pytest.fixture
def ada(client):
    user = UserFactory(username="ada", display_name="Ada")
    client.force_login(user)
    return user


@pytest.fixture
def sales(ada):
    group = GroupFactory(name="Sales", description="Offers <b>")
    MembershipFactory(group=group, user=ada, role=Role.ADMIN)
    return group


@pytest.fixture
def bo(sales):
    user = UserFactory(username="bo", display_name="Bo")
    MembershipFactory(group=sales, user=user)
    return user


def role_of(user):
    return Membership.objects.get(user=user).role


def test_a_newcomer_is_told_what_groups_are_for(client, ada):
    assert "You are in no group yet" in text_of(client.get("/groups"))


def test_a_group_is_made_and_shown(client, ada):
    answer = client.post("/groups", {"name": "Sales", "description": ""}, follow=True)

    group = Group.objects.get(name="Sales")
    assert answer.redirect_chain == [(f"/groups/{group.pk}", 302)]
    assert "Add its members" in text_of(answer)
    assert role_of(ada) == Role.ADMIN


def test_a_name_that_is_taken_is_told_in_the_form(client, ada):
    GroupFactory(name="Sales")

    answer = client.post("/groups", {"name": "sales", "description": "kept"})

    assert answer.status_code == 422
    assert "There is a group of this name already." in text_of(answer)
    assert "kept" in text_of(answer)


def test_groups_of_others_are_not_there(client, ada):
    other = GroupFactory(name="Secret")

    assert "Secret" not in text_of(client.get("/groups"))
    assert client.get(f"/groups/{other.pk}").status_code == 404


def test_members_are_shown_and_texts_are_only_text(client, ada, sales, bo):
    shown = text_of(client.get(f"/groups/{sales.pk}"))

    assert "Offers &lt;b&gt;" in shown
    assert "2 members" in shown
    assert "<strong>Bo</strong>" in shown


def test_somebody_is_taken_in_by_name(client, ada, sales):
    cy = UserFactory(username="cy")

    answer = client.post(f"/groups/{sales.pk}/members", {"username": "cy ", "role": "admin"})

    assert answer.status_code == 302
    assert role_of(cy) == Role.ADMIN


@pytest.mark.parametrize("name", ["nobody", "bo", "gone", "robot"])
def test_who_cannot_be_taken_in_is_told_beside_the_name(client, ada, sales, bo, name):
    UserFactory(username="gone", is_active=False)
    robot = create_service_account(sales, name="Robot", actor=ada)
    wanted = robot.user.username if name == "robot" else name

    answer = client.post(f"/groups/{sales.pk}/members", {"username": wanted, "role": "member"})

    assert answer.status_code == 422
    assert 'role="alert"' in text_of(answer)
    assert f'value="{wanted}"' in text_of(answer)


def test_roles_change(client, ada, sales, bo):
    answer = client.post(f"/groups/{sales.pk}/members/{bo.pk}/role", {"role": "admin"}, follow=True)

    assert role_of(bo) == Role.ADMIN
    assert "Bo has the role “Admin” now." in text_of(answer)
    client.post(f"/groups/{sales.pk}/members/{bo.pk}/role", {"role": "king"})
    assert role_of(bo) == Role.ADMIN


def test_the_last_admin_stays_and_is_told_why(client, ada, sales, bo):
    answer = client.post(f"/groups/{sales.pk}/members/{ada.pk}/remove", follow=True)

    assert "needs another active admin first" in text_of(answer)
    assert Membership.objects.filter(user=ada).exists()


def test_what_cannot_be_taken_back_is_asked_once_more(client, ada, sales):
    account = create_service_account(sales, name="Import", actor=ada)

    group = text_of(client.get(f"/groups/{sales.pk}"))
    service = text_of(client.get(f"/groups/{sales.pk}/service-accounts/{account.pk}"))

    for shown, button in ((group, "Leave the group"), (service, "End the service account")):
        asked = shown.partition('<details class="menu sure"')[2]
        assert asked.index("<summary") < asked.index(button) < asked.index("<form")


def test_a_member_leaves(client, ada, sales, bo):
    client.force_login(bo)

    answer = client.post(f"/groups/{sales.pk}/members/{bo.pk}/remove", follow=True)

    assert answer.redirect_chain == [("/groups", 302)]
    assert "You have left “Sales”." in text_of(answer)


def test_a_member_sees_and_changes_nothing_of_admins(client, ada, sales, bo):
    client.force_login(bo)
    shown = text_of(client.get(f"/groups/{sales.pk}"))

    assert "Add a member" not in shown
    assert "Service accounts" not in shown
    for url in ("settings", "service-accounts"):
        assert client.get(f"/groups/{sales.pk}/{url}").status_code == 403
    client.post(f"/groups/{sales.pk}/members/{ada.pk}/role", {"role": "member"})
    client.post(f"/groups/{sales.pk}/delete")
    assert role_of(ada) == Role.ADMIN
    assert Group.objects.filter(pk=sales.pk).exists()


def test_a_group_is_renamed_deleted_and_restored(client, ada, sales):
    client.post(f"/groups/{sales.pk}/settings", {"name": "Sellers", "description": ""})
    client.post(f"/groups/{sales.pk}/delete")
    shown = text_of(client.get("/groups"))
    assert client.get(f"/groups/{sales.pk}").status_code == 404

    client.post(f"/groups/{sales.pk}/restore")

    assert "Deleted groups" in shown
    assert "Sellers" in text_of(client.get(f"/groups/{sales.pk}"))


def test_a_service_account_gets_a_key_that_is_shown_once(client, ada, sales):
    client.post(f"/groups/{sales.pk}/service-accounts", {"name": "Nightly"})
    account = sales.service_accounts.get()
    page = f"/groups/{sales.pk}/service-accounts/{account.pk}"

    refused = client.post(page, {"name": "k", "scopes": ["admin"]})
    made = client.post(page, {"name": "k", "scopes": ["chat"]})
    secret = re.search(r'data-test="new-key">(yw_[^<]+)<', text_of(made)).group(1)

    assert refused.status_code == 422
    assert secret not in text_of(client.get(page))
    key = ApiKey.objects.get(user=account.user)
    client.post(f"{page}/keys/{key.pk}/revoke")
    key.refresh_from_db()
    assert key.revoked_at is not None

    client.post(f"{page}/remove")
    assert client.get(page).status_code == 404


def test_a_service_account_is_found_in_its_own_group_only(client, ada, sales):
    other = GroupFactory()
    MembershipFactory(group=other, user=ada, role=Role.ADMIN)
    account = create_service_account(sales, name="Robot", actor=ada)

    assert client.get(f"/groups/{other.pk}/service-accounts/{account.pk}").status_code == 404
