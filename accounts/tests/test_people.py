"""Finding people to share with."""

import pytest
from rest_framework.test import APIClient

from accounts import services
from accounts.tests.factories import UserFactory

URL = "/v1/users"


@pytest.fixture
def client(db):
    client = APIClient()
    client.force_login(UserFactory(username="me"))
    return client


@pytest.mark.parametrize("count", [1, 3])
def test_people_are_found_by_either_name(client, count, django_assert_num_queries):
    people = [UserFactory(username=f"ada{n}") for n in range(count)]
    shown = UserFactory(username="countess", display_name="ADA Lovelace")
    UserFactory(username="adagone", is_active=False)
    UserFactory(username="grace")

    with django_assert_num_queries(3):  # the session, the user, the page
        answer = client.get(URL, {"search": "ada"})

    rows = answer.json()["results"]
    assert [row["username"] for row in rows] == [*(one.username for one in people), "countess"]
    assert rows[-1] == {
        "id": str(shown.pk),
        "username": "countess",
        "display_name": "ADA Lovelace",
    }


@pytest.mark.parametrize("query", [{}, {"search": "a"}, {"search": " a "}, {"search": "a\x00b"}])
def test_people_are_not_listed_without_two_characters(client, query):
    answer = client.get(URL, query)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "search"


def test_wildcards_have_no_meaning(client):
    UserFactory(username="grace")

    assert client.get(URL, {"search": "%%"}).json()["count"] == 0
    assert client.get(URL, {"search": "__"}).json()["count"] == 0


def test_people_are_for_signed_in_callers_with_the_scope(db):
    user = UserFactory()
    _key, secret = services.create_api_key(user, name="k", scopes=["chat"], actor=user)

    anonymous = APIClient().get(URL, {"search": "ada"})
    keyed = APIClient().get(URL, {"search": "ada"}, headers={"X-API-Key": secret})

    assert (anonymous.status_code, keyed.status_code) == (401, 403)
