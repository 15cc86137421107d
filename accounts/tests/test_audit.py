"""The own lines of the audit log, and who read what is private."""

from contextvars import copy_context

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import services
from accounts.enums import PrivateKind
from accounts.models import PrivateAccess
from accounts.tests.factories import ApiKeyFactory, UserFactory
from youworker import audit
from youworker.core.exceptions import Forbidden, InvalidInput
from youworker.core.request_context import RequestOrigin, current_origin

pytestmark = pytest.mark.django_db
REASON = "Asked by the data protection officer"


@pytest.fixture
def root():
    return UserFactory(username="root", is_staff=True, is_superuser=True, display_name="Rosa")


def client_with_key(user):
    key, secret = services.create_api_key(user, name="laptop", scopes=["account"], actor=user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}", REMOTE_ADDR="10.1.2.3")
    return client, key


def test_own_lines_show_address_and_key():
    ada = UserFactory()
    client, key = client_with_key(ada)
    client.patch("/v1/auth/me", {"display_name": "Ada"})

    answer = client.get("/v1/account/audit?action=user.update")

    line = answer.json()["results"][0]
    assert answer.json()["count"] == 1
    assert (line["action"], line["result"], line["by"]) == ("user.update", "ok", "me")
    assert (line["address"], line["key"]) == ("10.1.2.3", {"id": str(key.pk), "name": "laptop"})


def with_address(act):
    context = copy_context()
    context.run(current_origin.set, RequestOrigin("10.1.2.3"))
    context.run(act)


def test_acts_of_others_on_me_hide_where_they_came_from(client_of, root):
    ada, bob = UserFactory.create_batch(2)
    with_address(lambda: audit.record("user.update", actor=root, target=ada))
    audit.record("auth.login.failed", actor=None, target=ada, result="denied")
    audit.record("user.update", actor=bob)

    lines = client_of(ada).get("/v1/account/audit").json()["results"]

    shown = [(line["action"], line["by"]) for line in lines]
    assert shown == [("auth.login.failed", "system"), ("user.update", "other")]
    assert (lines[1]["address"], lines[1]["key"], lines[1]["correlation_id"]) == (None, None, None)


@pytest.mark.parametrize("count", [1, 3])
def test_own_lines_take_the_same_number_of_queries(client_of, count, django_assert_num_queries):
    ada = UserFactory()
    for _ in range(count):
        audit.record("user.update", actor=ada)
    client = client_of(ada)
    client.get("/v1/account/audit")

    with django_assert_num_queries(1):  # the page; without keys nothing is asked about them
        answer = client.get("/v1/account/audit")

    assert answer.json()["count"] == count


def test_own_lines_are_shown_to_a_session():
    ada = UserFactory()
    client = APIClient()
    client.force_login(ada)
    audit.record("user.update", actor=ada)

    answer = client.get("/v1/account/audit")

    assert answer.status_code == 200
    assert answer.json()["results"][0]["action"] == "user.update"


def test_an_unknown_action_is_refused(client_of):
    answer = client_of(UserFactory()).get("/v1/account/audit?action=x")

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "action")


@pytest.mark.parametrize("path", ["/v1/account/audit", "/v1/account/private-reads"])
def test_keys_need_the_scope_account(path):
    key, secret = services.create_api_key(
        user := UserFactory(), name="x", scopes=["chat"], actor=user
    )
    client = APIClient()

    answer = client.get(path, HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert (answer.status_code, client.get(path).status_code) == (403, 401)
    assert key.scopes == ["chat"]


def opened(owner, actor, reason=REASON):
    return services.open_private(
        ApiKeyFactory(user=owner),
        kind=PrivateKind.SESSION,
        title="My plans",
        owner=owner,
        reason=reason,
        actor=actor,
    )


def test_the_owner_sees_who_read_what_and_why(client_of, root):
    ada = UserFactory()
    access = opened(ada, root)
    opened(UserFactory(), root)

    rows = client_of(ada).get("/v1/account/private-reads").json()["results"]

    assert [(row["who"], row["kind"], row["title"], row["reason"]) for row in rows] == [
        ("Rosa", "session", "My plans", REASON)
    ]
    assert (rows[0]["id"], rows[0]["object_id"]) == (str(access.pk), str(access.object_id))
    assert rows[0]["when"][:10] == f"{timezone.now():%Y-%m-%d}"
    lines = client_of(ada).get("/v1/account/audit").json()["results"]
    assert [(line["action"], line["by"]) for line in lines] == [("admin.read_private", "other")]


@pytest.mark.parametrize("count", [1, 3])
def test_private_reads_take_the_same_number_of_queries(
    client_of, root, count, django_assert_num_queries
):
    ada = UserFactory()
    for _ in range(count):
        opened(ada, root)

    with django_assert_num_queries(1):  # the page
        answer = client_of(ada).get("/v1/account/private-reads")

    assert answer.json()["count"] == count


def test_a_reader_who_was_erased_stays_visible_as_nobody(client_of, root):
    ada = UserFactory()
    opened(ada, root)

    root.delete()

    assert client_of(ada).get("/v1/account/private-reads").json()["results"][0]["who"] == ""


@pytest.mark.parametrize("reason", ["", " short ", "x" * 1001])
def test_a_reason_is_needed(root, reason):
    with pytest.raises(InvalidInput):
        opened(UserFactory(), root, reason=reason)

    assert not PrivateAccess.objects.exists()


@pytest.mark.parametrize("staff", [{}, {"is_staff": True}, {"is_superuser": True}])
def test_nobody_reads_without_the_right(staff):
    with pytest.raises(Forbidden):
        opened(UserFactory(), UserFactory(**staff))


def test_what_is_a_superusers_is_for_superusers(root):
    clerk = UserFactory(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="read_private"))

    opened(UserFactory(), clerk)
    with pytest.raises(Forbidden):
        opened(root, clerk)

    assert PrivateAccess.objects.count() == 1


def test_somebody_with_a_session_reads_his_lines(client):
    ada = UserFactory()
    audit.record("user.update", actor=ada)
    client.force_login(ada)

    answer = client.get("/v1/account/audit?action=user.update")

    assert [line["by"] for line in answer.json()["results"]] == ["me"]
