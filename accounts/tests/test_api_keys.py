"""API keys: making, using, rotating and ending them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import services
from accounts.models import ApiKey
from accounts.tests.factories import ApiKeyFactory, UserFactory
from youworker.core.exceptions import Conflict

URL = "/v1/account/api-keys"


@pytest.fixture
def ada(db):
    return UserFactory(username="ada")


@pytest.fixture
def client(ada):
    client = APIClient()
    client.force_login(ada)
    return client


def key_of(user, *scopes, **fields):
    return services.create_api_key(user, name="test", scopes=scopes, actor=user, **fields)


def asking(secret, **headers):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}", **headers)
    return client


def test_create_shows_the_secret_once(client, ada):
    made = client.post(URL, {"name": "laptop", "scopes": ["chat", "account", "chat"]})
    listed = client.get(URL).json()["results"]

    secret = made.json()["key"]
    assert made.status_code == 201
    assert made.json()["scopes"] == ["chat", "account"]
    assert secret.startswith("yw_")
    assert len(secret) > 40
    assert [row["id"] for row in listed] == [made.json()["id"]]
    assert secret not in str(listed)
    assert "digest" not in listed[0]
    assert asking(secret).get("/v1/auth/me").json()["id"] == str(ada.pk)
    entry = LogEntry.objects.get(additional_data__action="user.api_key.create")
    assert secret not in str(entry.additional_data)


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"name": "", "scopes": ["chat"]}, "name"),
        ({"name": "n", "scopes": []}, "scopes"),
        ({"name": "n", "scopes": ["root"]}, "scopes.0"),
        ({"name": "n", "scopes": ["chat"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_create_refuses_bad_input(client, body, attr):
    answer = client.post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr


def test_create_gives_the_admin_scope_to_staff_only(client, ada):
    refused = client.post(URL, {"name": "n", "scopes": ["admin"]})
    ada.is_staff = True
    ada.save()
    allowed = client.post(URL, {"name": "n", "scopes": ["admin"]})

    assert refused.status_code == 403
    assert allowed.status_code == 201


@pytest.mark.parametrize("count", [1, 3])
def test_list_keeps_the_same_number_of_queries(client, ada, count, django_assert_num_queries):
    own = ApiKeyFactory.create_batch(count, user=ada)
    ApiKeyFactory()

    with django_assert_num_queries(3):  # the session, the user, the page
        answer = client.get(URL)

    listed = [row["id"] for row in answer.json()["results"]]
    assert listed == [str(key.pk) for key in reversed(own)]


def test_a_key_without_the_scope_is_refused_by_name(ada):
    _key, secret = key_of(ada, "chat")

    answer = asking(secret).patch("/v1/auth/me", {"display_name": "Eve"})

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "insufficient_scope"


@pytest.mark.parametrize("scope", ["chat", "documents.read", "documents.write", "tools"])
def test_a_client_checks_a_key_of_any_scope_and_reads_nothing_private(ada, scope):
    _key, secret = key_of(ada, scope)

    answer = asking(secret).get("/v1/auth/me")

    assert (answer.status_code, answer.json()["scopes"]) == (200, [scope])
    assert {"id", "username", "display_name", "is_staff"} <= answer.json().keys()
    assert {"email", "groups"}.isdisjoint(answer.json())


def test_a_key_for_the_account_reads_address_and_groups(ada):
    _key, secret = key_of(ada, "account", "chat")

    answer = asking(secret).get("/v1/auth/me").json()

    assert answer["email"] == ada.email
    assert answer["groups"] == []
    assert answer["scopes"] == ["account", "chat"]


def test_a_session_has_no_scopes(client):
    assert "scopes" not in client.get("/v1/auth/me").json()
    assert "email" in client.get("/v1/auth/me").json()


def test_a_key_opens_no_view_that_names_no_scope(ada):
    _key, secret = key_of(ada, "account", "chat", "tools", "documents.read", "documents.write")

    assert asking(secret).post("/v1/auth/logout").status_code == 401
    assert asking(secret).get("/health/detailed").status_code == 403


def test_a_key_is_taken_from_its_own_header_too(ada):
    _key, secret = key_of(ada, "account")
    client = APIClient()

    answer = client.get("/v1/auth/me", headers={"X-API-Key": secret})

    assert answer.status_code == 200


@pytest.mark.parametrize("secret", ["", "yw_wrong", "yw_" + "x" * 5000, "ünïcode"])
def test_a_wrong_key_is_refused_even_with_a_session(client, secret):
    answer = client.get("/v1/auth/me", headers={"X-API-Key": secret})

    assert answer.status_code == 401


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(ada):
    key, secret = key_of(ada, "account")

    asking(secret).get("/v1/auth/me")
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    asking(secret).get("/v1/auth/me")

    assert first is not None
    assert ApiKey.objects.get(pk=key.pk).last_used_at == first


def test_revoked_expired_and_orphaned_keys_are_refused(ada):
    revoked, secret_of_revoked = key_of(ada, "account")
    services.revoke_api_key(revoked, actor=ada)
    expired, secret_of_expired = key_of(ada, "account")
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    gone = UserFactory()
    _orphan, secret_of_orphan = key_of(gone, "account")
    gone.is_active = False
    gone.save()

    for secret in (secret_of_revoked, secret_of_expired, secret_of_orphan):
        assert asking(secret).get("/v1/auth/me").status_code == 401


def test_revoking_twice_is_recorded_once(client, ada):
    key, _secret = key_of(ada, "chat")

    first = client.delete(f"{URL}/{key.pk}")
    second = client.delete(f"{URL}/{key.pk}")

    assert (first.status_code, second.status_code) == (204, 204)
    assert LogEntry.objects.filter(additional_data__action="user.api_key.revoke").count() == 1


def test_somebody_elses_key_answers_404(client):
    key = ApiKeyFactory()

    assert client.delete(f"{URL}/{key.pk}").status_code == 404
    assert client.post(f"{URL}/{key.pk}/rotate").status_code == 404
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


def test_rotate_ends_the_old_key_at_once(client, ada):
    key, old = key_of(ada, "account")

    answer = client.post(f"{URL}/{key.pk}/rotate")

    assert answer.status_code == 201
    assert answer.json()["scopes"] == ["account"]
    assert asking(old).get("/v1/auth/me").status_code == 401
    assert asking(answer.json()["key"]).get("/v1/auth/me").status_code == 200


def test_rotate_may_let_the_old_key_live_for_a_while(client, ada):
    key, old = key_of(ada, "account")

    client.post(f"{URL}/{key.pk}/rotate", {"overlap_seconds": 60})

    remaining = ApiKey.objects.get(pk=key.pk).expires_at - timezone.now()
    assert timedelta(seconds=50) < remaining <= timedelta(seconds=60)
    assert asking(old).get("/v1/auth/me").status_code == 200


def test_rotate_never_lengthens_a_key(ada):
    end = timezone.now() + timedelta(seconds=30)
    key, _old = key_of(ada, "account", expires_at=end)

    fresh, _secret = services.rotate_api_key(key, overlap_seconds=3600, actor=ada)

    assert ApiKey.objects.get(pk=key.pk).expires_at == end
    assert fresh.expires_at == end


@pytest.mark.parametrize("overlap", [-1, 30 * 86400 + 1, "soon"])
def test_rotate_refuses_a_strange_overlap(client, ada, overlap):
    key, _secret = key_of(ada, "chat")

    assert client.post(f"{URL}/{key.pk}/rotate", {"overlap_seconds": overlap}).status_code == 400


def test_rotate_refuses_a_key_that_has_ended(ada):
    key, _secret = key_of(ada, "chat")
    services.revoke_api_key(key, actor=ada)

    with pytest.raises(Conflict):
        services.rotate_api_key(key, actor=ada)


@pytest.mark.usefixtures("rate_limits")
def test_rotate_is_limited_by_the_hour(client, ada):
    key, _secret = key_of(ada, "chat")

    answers = []
    for _ in range(4):
        answer = client.post(f"{URL}/{key.pk}/rotate")
        answers.append(answer.status_code)
        key = ApiKey.objects.filter(user=ada).newest_first()[0]

    assert answers == [201, 201, 201, 429]


def test_rotate_keeps_the_networks_and_happens_once(ada):
    key, _old = key_of(ada, "account", allowed_networks=["10.0.0.0/8"])

    fresh, _secret = services.rotate_api_key(key, overlap_seconds=60, actor=ada)

    assert fresh.allowed_networks == ["10.0.0.0/8"]
    assert ApiKey.objects.get(pk=key.pk).rotated_at is not None
    with pytest.raises(Conflict):
        services.rotate_api_key(ApiKey.objects.get(pk=key.pk), overlap_seconds=60, actor=ada)


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_make_one_key():
    user = UserFactory()
    key, _secret = key_of(user, "chat")
    barrier = Barrier(2)

    def rotate(_):
        try:
            barrier.wait()
            services.rotate_api_key(
                ApiKey.objects.select_related("user").get(pk=key.pk),
                overlap_seconds=60,
                actor=user,
            )
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(rotate, range(2)))

    assert sorted(outcomes) == [False, True]
    assert ApiKey.objects.filter(user=user).count() == 2


def test_somebody_has_a_limited_number_of_keys(ada):
    ApiKeyFactory.create_batch(99, user=ada)
    ApiKeyFactory(user=ada, revoked_at=timezone.now())
    last, _secret = key_of(ada, "chat")

    with pytest.raises(Conflict):
        key_of(ada, "chat")
    services.rotate_api_key(last, actor=ada)

    assert ApiKey.objects.unended().filter(user=ada).count() == 100


@pytest.mark.parametrize("networks", [["10.0.0.0/33"], ["host.example"], ["10.0.0.1/8", ""]])
def test_networks_must_be_networks(client, networks):
    body = {"name": "n", "scopes": ["chat"], "allowed_networks": networks}

    answer = client.post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"].startswith("allowed_networks")


def test_networks_are_shown_as_they_count(client):
    networks = ["10.1.2.3/8", "::1", "10.0.0.0/8"]

    made = client.post(URL, {"name": "n", "scopes": ["chat"], "allowed_networks": networks})

    assert made.json()["allowed_networks"] == ["10.0.0.0/8", "::1/128"]


def entries(action):
    return LogEntry.objects.filter(additional_data__action=action)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.9.9.9", 200),
        ("::ffff:10.9.9.9", 200),
        ("2001:db8::5", 200),
        ("11.0.0.1", 401),
        ("2001:db9::5", 401),
        ("", 401),
    ],
)
def test_a_key_works_from_its_networks_only(ada, address, status):
    networks = ["10.0.0.0/8", "2001:db8::/32"]
    key, secret = key_of(ada, "account", allowed_networks=networks)

    answers = [asking(secret, REMOTE_ADDR=address).get("/v1/auth/me") for _ in range(2)]
    unknown = asking("yw_unknown", REMOTE_ADDR=address).get("/v1/auth/me")

    assert [answer.status_code for answer in answers] == [status] * 2
    if status == 401:
        assert answers[0].json() == unknown.json()
        entry = entries("auth.unauthorized").get(object_pk=str(key.pk))
        assert entry.additional_data["reason"] == "network"
        # The other line is the unknown key's.
        assert entries("auth.unauthorized").count() == 2


def test_an_expired_key_is_written_down_once_a_minute(ada):
    key, secret = key_of(ada, "account")
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    answers = [asking(secret).get("/v1/auth/me").status_code for _ in range(3)]

    assert answers == [401] * 3
    assert entries("auth.token.expired").count() == 1
    assert secret not in str(entries("auth.token.expired").get().additional_data)
    assert ApiKey.objects.get(pk=key.pk).last_used_at is None


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"scopes": ["account"]}, 201),
        ({"scopes": ["account", "chat"]}, 403),
        ({"scopes": ["account"], "allowed_networks": ["127.0.0.1"]}, 201),
        ({"scopes": ["account"], "allowed_networks": ["0.0.0.0/0"]}, 403),
        ({"scopes": ["account"], "allowed_networks": ["::/0"]}, 403),
    ],
)
def test_a_key_makes_no_key_that_can_do_more(ada, wanted, status):
    end = timezone.now() + timedelta(hours=1)
    _maker, secret = key_of(ada, "account", allowed_networks=["127.0.0.0/8"], expires_at=end)
    later = (end + timedelta(days=1)).isoformat()

    answer = asking(secret).post(URL, {"name": "n", "expires_at": later, **wanted})

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["errors"][0]["code"] == "insufficient_scope"
    else:
        made = ApiKey.objects.get(pk=answer.json()["id"])
        assert made.expires_at == end
        assert made.allowed_networks in (["127.0.0.0/8"], ["127.0.0.1/32"])


@pytest.mark.parametrize(
    "bigger",
    [
        {"scopes": ["account", "chat"], "allowed_networks": ["127.0.0.1"]},
        {"scopes": ["account"]},
    ],
)
def test_a_key_rotates_no_key_that_can_do_more(ada, bigger):
    _maker, secret = key_of(ada, "account", allowed_networks=["127.0.0.0/8"])
    key, _ = services.create_api_key(ada, name="big", actor=ada, **bigger)

    answer = asking(secret).post(f"{URL}/{key.pk}/rotate")

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "insufficient_scope"
    assert ApiKey.objects.get(pk=key.pk).rotated_at is None


def test_a_key_may_replace_itself(ada):
    key, secret = key_of(ada, "account")

    answer = asking(secret).post(f"{URL}/{key.pk}/rotate")

    assert answer.status_code == 201
    assert asking(secret).get("/v1/auth/me").status_code == 401


def test_a_key_in_the_query_string_is_no_key(ada):
    _key, secret = key_of(ada, "account")

    assert APIClient().get(f"/v1/auth/me?api_key={secret}").status_code == 401
