"""Groups and members over HTTP."""

import uuid

import pytest
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.tests.factories import UserFactory
from groups.enums import Role
from groups.models import Group
from groups.tests.factories import (
    GroupFactory,
    MembershipFactory,
    managed_group,
    member_of,
    service_account_of,
)
from groups.tests.helpers import attr_of, code_of, names, roles
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db

URL = "/v1/groups"


@pytest.mark.parametrize("count", [1, 3])
def test_groups_are_listed_in_a_fixed_number_of_queries(
    count, client, ada, django_assert_num_queries
):
    for n in range(count):
        MembershipFactory.create_batch(2, group=managed_group(ada, name=f"G{n}")[0])
    managed_group()

    with django_assert_num_queries(1):  # the page
        answer = client.get(URL)

    rows = answer.json()["results"]
    assert [row["name"] for row in rows] == [f"G{n}" for n in reversed(range(count))]
    assert {(row["role"], row["member_count"]) for row in rows} == {("admin", 3)}


def test_groups_have_this_shape(client, ada, group):
    made = client.post(URL, {"name": " Trade ", "description": " text "})
    shown = client.get(f"{URL}/{made.json()['id']}")

    assert made.status_code == 201
    assert shown.json() == made.json()
    created, updated = made.json()["created_at"], made.json()["updated_at"]
    assert made.json() == {
        "id": str(Group.objects.get(name="Trade").pk),
        "name": "Trade",
        "description": " text ",
        "role": "admin",
        "member_count": 1,
        "created_at": created,
        "updated_at": updated,
    }
    assert created.endswith("Z")


def test_groups_are_searched_and_sorted(client, ada):
    for name in ("beta", "Alpha", "gamma"):
        managed_group(ada, name=name, description=f"{name} 100%")
    gone, _ = managed_group(ada, name="gone")
    gone.soft_delete()
    MembershipFactory(user=ada, group=GroupFactory(name="left")).group.soft_delete()

    assert names(client.get(URL)) == ["gamma", "Alpha", "beta"]
    assert names(client.get(URL, {"ordering": "name"})) == ["Alpha", "beta", "gamma"]
    assert names(client.get(URL, {"ordering": "-name"})) == ["gamma", "beta", "Alpha"]
    assert names(client.get(URL, {"search": "ALP"})) == ["Alpha"]
    assert names(client.get(URL, {"search": "a 1"})) == ["gamma", "Alpha", "beta"]
    assert names(client.get(URL, {"search": "_"})) == []
    assert names(client.get(URL, {"deleted": "true"})) == ["gone"]


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"ordering": "secret"}, "ordering"),
        ({"search": "a\x00"}, "search"),
        ({"search": "x" * 201}, "search"),
        ({"deleted": "perhaps"}, "deleted"),
        ({"limit": "0"}, "limit"),
        ({"offset": "9" * 30}, "offset"),
    ],
)
def test_strange_queries_are_refused(client, query, attr):
    assert attr_of(client.get(URL, query)) == (400, attr)


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "x", "description": "\x00"}, "description"),
        ({"name": "x", "description": None}, "description"),
        ({"name": "x", "description": "x" * 10_001}, "description"),
        ([], None),
        ("text", None),
    ],
)
def test_strange_bodies_are_refused(client, body, attr):
    answer = client.post(URL, body)

    assert answer.status_code == 400
    assert attr is None or answer.json()["errors"][0]["attr"] == attr
    assert not Group.objects.exists()


def test_half_a_character_is_refused(client):
    answer = client.post(URL, '{"name": "a\\ud800"}', content_type="application/json")

    assert attr_of(answer) == (400, "name")


def test_the_refusals_have_codes(client, ada, group, client_of):
    member = member_of(group)
    taken = managed_group(ada, name="Trade")[0]
    one, theirs = f"{URL}/{group.pk}", client_of(member)
    as_member = f"{one}/members/{member.pk}"
    own = f"{one}/members/{ada.pk}"

    assert code_of(client.post(URL, {"name": "SALES"})) == (409, "group_name_exists")
    assert code_of(client.patch(one, {"name": "trade"})) == (409, "group_name_exists")
    added = client.post(f"{one}/members", {"user_id": str(member.pk)})
    assert code_of(added) == (409, "membership_exists")
    assert code_of(client.delete(own)) == (409, "last_admin")
    assert code_of(client.patch(own, {"role": "member"})) == (409, "last_admin")
    refused = [
        theirs.patch(one, {"name": "x"}),
        theirs.delete(one),
        theirs.post(f"{one}/restore"),
        theirs.post(f"{one}/members", {"user_id": str(ada.pk)}),
        theirs.patch(as_member, {"role": "admin"}),
        theirs.delete(own),
        theirs.get(f"{one}/service-accounts"),
        theirs.post(f"{one}/service-accounts", {"name": "x"}),
    ]
    assert {code_of(answer) for answer in refused} == {(403, "not_group_admin")}
    assert refreshed(taken).name == "Trade"


def test_admins_rename_and_describe(client, group):
    answer = client.patch(f"{URL}/{group.pk}", {"name": "Trade", "role": "x", "id": "y"})
    nothing = client.patch(f"{URL}/{group.pk}", {})

    assert answer.json()["name"] == nothing.json()["name"] == "Trade"


def test_groups_are_deleted_and_restored(client, ada, group, client_of):
    one, member = f"{URL}/{group.pk}", member_of(group)

    deleted = client.delete(one)
    gone = [client.get(one).status_code, client.get(f"{one}/members").status_code]
    again = client.delete(one).status_code
    refused = client_of(member).post(f"{one}/restore")
    restored = client.post(f"{one}/restore")

    assert deleted.status_code == 204
    assert [*gone, again] == [404, 404, 404]
    assert code_of(refused) == (403, "not_group_admin")
    assert (restored.status_code, restored.json()["name"]) == (200, "Sales")


def test_restore_answers_409_when_the_name_is_taken(client, ada, group):
    client.delete(f"{URL}/{group.pk}")
    client.post(URL, {"name": "sales"})

    answer = client.post(f"{URL}/{group.pk}/restore")

    assert code_of(answer) == (409, "group_name_exists")


@pytest.mark.parametrize("count", [1, 3])
def test_members_are_listed_in_a_fixed_number_of_queries(
    count, client, ada, group, django_assert_num_queries
):
    people = [member_of(group) for _ in range(count)]
    service_account_of(group, ada)
    member_of(managed_group()[0])

    with django_assert_num_queries(2):  # the group, the page
        answer = client.get(f"{URL}/{group.pk}/members")

    rows = answer.json()["results"]
    listed = [row["user"]["username"] for row in rows]
    assert listed[: count + 1] == ["ada", *(person.username for person in people)]
    assert [row["is_service_account"] for row in rows] == [*[False] * (count + 1), True]
    assert rows[0] == {
        "user": {"id": str(ada.pk), "username": "ada", "display_name": "Ada L."},
        "role": "admin",
        "is_active": True,
        "is_service_account": False,
        "created_at": rows[0]["created_at"],
    }


def test_members_are_added_promoted_and_removed(client, group):
    bob = UserFactory(username="bob")
    members, one = f"{URL}/{group.pk}/members", f"{URL}/{group.pk}/members/{bob.pk}"

    added = client.post(members, {"user_id": str(bob.pk)})
    promoted = client.patch(one, {"role": "admin"})
    removed = client.delete(one)

    assert (added.status_code, added.json()["role"]) == (201, "member")
    assert added.json()["user"]["id"] == str(bob.pk)
    assert (promoted.status_code, promoted.json()["role"]) == (200, "admin")
    assert removed.status_code == 204
    assert client.delete(one).status_code == 404
    assert client.patch(one, {"role": "admin"}).status_code == 404


def test_members_leave(ada, group, client_of):
    member = member_of(group)

    answer = client_of(member).delete(f"{URL}/{group.pk}/members/{member.pk}")

    assert answer.status_code == 204
    assert roles(group) == {"ada": Role.ADMIN}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": None},
        {"user_id": "x"},
        {"user_id": "\x00"},
        {"user_id": 10**60},
        {"user_id": -1},
        {"user_id": True},
        {"user_id": []},
        {"user_id": str(uuid.uuid4())},
    ],
)
def test_strange_user_ids_are_refused(client, group, body):
    answer = client.post(f"{URL}/{group.pk}/members", body)

    assert attr_of(answer) == (400, "user_id")


def test_unknown_and_deactivated_users_are_refused_alike(client, group):
    gone = UserFactory(is_active=False)

    answers = [
        client.post(f"{URL}/{group.pk}/members", {"user_id": str(pk)}).json()
        for pk in (uuid.uuid4(), gone.pk)
    ]

    assert answers[0] == answers[1]
    assert answers[0]["type"] == "validation_error"


@pytest.mark.parametrize("role", ["owner", None, 1, "", [], "admin\x00"])
def test_strange_roles_are_refused(client, ada, group, role):
    answer = client.patch(f"{URL}/{group.pk}/members/{ada.pk}", {"role": role})

    assert attr_of(answer) == (400, "role")


@pytest.mark.parametrize("path", ["x", "1", "%00", "9" * 50, f"{uuid.UUID(int=7)}x"])
def test_ids_that_are_none_answer_404(client, group, path):
    for url in (f"{URL}/{path}", f"{URL}/{path}/members", f"{URL}/{group.pk}/members/{path}"):
        assert client.get(url).status_code in (404, 405)
        assert client.delete(url).status_code in (404, 405)


def test_keys_need_the_scope_account(ada, group):
    _key, chat = accounts.create_api_key(ada, name="k", scopes=["chat"], actor=ada)
    _key, account = accounts.create_api_key(ada, name="k", scopes=["account"], actor=ada)
    asking = {name: {"X-API-Key": secret} for name, secret in {"c": chat, "a": account}.items()}

    assert code_of(APIClient().get(URL, headers=asking["c"])) == (403, "insufficient_scope")
    refused = APIClient().post(URL, {"name": "x"}, headers=asking["c"])
    assert code_of(refused) == (403, "insufficient_scope")
    assert APIClient().get(URL, headers=asking["a"]).status_code == 200
    assert APIClient().post(URL, {"name": "x"}, headers=asking["a"]).status_code == 201
    assert APIClient().get(URL).status_code == 401


@pytest.mark.usefixtures("rate_limits")
def test_writes_are_limited_together_and_reads_are_not(client, ada, group, monkeypatch):
    monkeypatch.setenv("RATE_MODERATE", "2/d")
    one = f"{URL}/{group.pk}"

    answers = [
        client.patch(one, {"name": "a"}),
        client.post(f"{one}/service-accounts", {"name": "a"}),
        client.post(URL, {"name": "b"}),
        client.delete(f"{one}/members/{ada.pk}"),
        client.get(one),
    ]

    assert [answer.status_code for answer in answers] == [200, 201, 429, 429, 200]
