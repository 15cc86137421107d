"""Service accounts and their keys over HTTP."""

import uuid

import pytest
from rest_framework.test import APIClient

from accounts import services as accounts
from groups import services
from groups.tests.factories import managed_group, service_account_of
from groups.tests.helpers import attr_of, code_of, names

pytestmark = pytest.mark.django_db

URL = "/v1/groups"


@pytest.mark.parametrize("count", [1, 3])
def test_service_accounts_and_keys_are_listed_in_a_fixed_number_of_queries(
    count, client, ada, group, django_assert_num_queries
):
    account = [service_account_of(group, ada, name=f"Program {n}") for n in range(count)][-1]
    for n in range(count):
        services.create_service_key(account, name=f"key {n}", scopes=["chat"], actor=ada)
    other = managed_group()
    service_account_of(*other)
    url = f"{URL}/{group.pk}/service-accounts"

    with django_assert_num_queries(3):  # the group, the role, the page
        listed = client.get(url)
    with django_assert_num_queries(4):  # the group, the role, the account, the page
        keys = client.get(f"{url}/{account.pk}/api-keys")

    assert names(listed) == [f"Program {n}" for n in reversed(range(count))]
    assert names(keys) == [f"key {n}" for n in reversed(range(count))]


def test_service_accounts_are_made_used_and_ended(client, ada, group):
    url = f"{URL}/{group.pk}/service-accounts"

    made = client.post(url, {"name": "Import"})
    keys = f"{url}/{made.json()['id']}/api-keys"
    key = client.post(keys, {"name": "server", "scopes": ["account"]})
    program = APIClient(headers={"Authorization": f"Bearer {key.json()['key']}"})
    me = program.get("/v1/auth/me")
    ended = client.delete(f"{url}/{made.json()['id']}")

    assert made.status_code == key.status_code == 201
    assert made.json()["name"] == "Import"
    assert made.json()["created_by"]["username"] == "ada"
    assert me.json()["id"] == made.json()["user_id"]
    assert [one["name"] for one in me.json()["groups"]] == ["Sales"]
    assert ended.status_code == 204
    assert program.get("/v1/auth/me").status_code == 401
    assert client.delete(f"{url}/{made.json()['id']}").status_code == 404
    assert client.get(keys).status_code == 404
    assert names(client.get(url)) == []


def test_keys_of_service_accounts_are_shown_once_and_revoked(client, ada, group):
    account = service_account_of(group, ada)
    url = f"{URL}/{group.pk}/service-accounts/{account.pk}/api-keys"

    made = client.post(url, {"name": "server", "scopes": ["chat"], "expires_at": None})
    secret, pk = made.json().pop("key"), made.json()["id"]
    revoked = client.delete(f"{url}/{pk}")
    listed = client.get(url)

    assert revoked.status_code == 204
    assert secret not in listed.content.decode()
    assert accounts.user_of_key(secret) is None
    assert listed.json()["results"][0]["revoked_at"] is not None
    assert client.delete(f"{url}/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"name": "k", "scopes": ["admin"]}, "scopes.0"),
        ({"name": "k", "scopes": []}, "scopes"),
        ({"name": "k"}, "scopes"),
        ({"name": "\x00", "scopes": ["chat"]}, "name"),
        ({"name": "k", "scopes": ["chat"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "k", "scopes": ["chat"], "expires_at": 10**400}, "expires_at"),
        (
            {"name": "k", "scopes": ["chat"], "expires_at": "0001-01-01T00:00:00+23:00"},
            "expires_at",
        ),
    ],
)
def test_strange_keys_of_service_accounts_are_refused(client, ada, group, body, attr):
    account = service_account_of(group, ada)

    answer = client.post(f"{URL}/{group.pk}/service-accounts/{account.pk}/api-keys", body)

    assert attr_of(answer) == (400, attr)


@pytest.mark.parametrize("name", ["", None, "a\x00", "x" * 151, {}])
def test_strange_names_of_service_accounts_are_refused(client, group, name):
    answer = client.post(f"{URL}/{group.pk}/service-accounts", {"name": name})

    assert attr_of(answer) == (400, "name")


def test_a_program_has_no_groups_of_its_own_and_manages_nothing(ada, group):
    account = service_account_of(group, ada)
    _key, secret = services.create_service_key(account, name="k", scopes=["account"], actor=ada)
    program = APIClient(headers={"Authorization": f"Bearer {secret}"})
    one = f"{URL}/{group.pk}"

    assert names(program.get(URL)) == ["Sales"]
    assert program.post(URL, {"name": "x"}).status_code == 403
    assert program.patch(one, {"name": "x"}).status_code == 403
    left = program.delete(f"{one}/members/{account.user_id}")
    assert code_of(left) == (409, "service_account")
    made = program.post("/v1/account/api-keys", {"name": "k", "scopes": ["chat"]})
    assert made.status_code == 403


def test_a_service_account_of_another_group_is_not_found_through_ones_own(client, ada, group):
    other = service_account_of(*managed_group())
    url = f"{URL}/{group.pk}/service-accounts/{other.pk}"
    key = services.create_service_key(other, name="k", scopes=["chat"], actor=other.created_by)[0]

    assert client.delete(url).status_code == 404
    assert client.get(f"{url}/api-keys").status_code == 404
    assert client.delete(f"{url}/api-keys/{key.pk}").status_code == 404
