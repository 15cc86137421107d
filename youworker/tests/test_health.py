"""Health for load balancers and people."""

import pytest
from django.db import OperationalError
from django.test import Client
from redis import ConnectionError as RedisGone
from rest_framework.test import APIClient

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from documents.models import EmbeddingModel
from documents.tests.factories import DocumentFactory, write
from youworker.appliance.health import checks, looking
from youworker.appliance.startup_checks import embedding_notices, model_notices, rerank_notices
from youworker.encryption.crypto import fingerprints
from youworker.tests.support.configuring import override_config
from youworker.tests.support.model_server import ModelServer


def fail_with(monkeypatch, name, error):
    def broken():
        raise error

    monkeypatch.setitem(checks.READY, name, broken)


def test_live_needs_nothing():
    answer = Client().get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_when_everything_works():
    answer = Client().get("/health/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("database", OperationalError("gone")),
        ("redis", RedisGone("gone")),
        ("migrations", LookupError("3 migrations are missing")),
    ],
)
def test_ready_names_the_part_that_fails(monkeypatch, name, error):
    fail_with(monkeypatch, name, error)

    answer = Client().get("/health/ready")

    assert (answer.status_code, answer.json()) == (503, {"status": "failed", "failed": [name]})
    assert b"gone" not in answer.content


@pytest.mark.django_db
def test_detailed_is_for_staff():
    user, staff = UserFactory(), UserFactory(is_staff=True)
    _key, weak = create_api_key(staff, name="k", scopes=["chat"], actor=staff)
    _key, strong = create_api_key(staff, name="k", scopes=["admin"], actor=staff)

    def status(signed_in=None, **headers):
        client = APIClient()
        if signed_in:
            client.force_login(signed_in)
        return client.get("/health/detailed", headers=headers).status_code

    assert [status(), status(user), status(staff)] == [401, 403, 200]
    assert status(**{"X-API-Key": weak}) == 403
    assert status(**{"X-API-Key": strong}) == 200


@pytest.mark.django_db
def test_detailed_shows_every_part_with_its_latency(monkeypatch):
    fail_with(monkeypatch, "redis", RedisGone("connection refused\nand more"))
    client = APIClient()
    client.force_login(UserFactory(is_staff=True))

    parts = client.get("/health/detailed").json()

    assert parts["database"]["status"] == "ok"
    assert parts["database"]["version"].startswith("18")
    assert parts["redis"]["status"] == "failed"
    assert parts["redis"]["detail"] == "connection refused"
    first = {"first_key": fingerprints()[0][:12], "older_keys": 0}
    assert first.items() <= parts["encryption"].items()
    assert all(part["latency_ms"] >= 0 for part in parts.values())
    assert {"database", "redis", "migrations", "disk", "worker", "models"} <= set(parts)


@pytest.fixture
def two_servers():
    with ModelServer() as one, ModelServer() as other:
        urls = f"{one.base_url}, {other.base_url}"
        with override_config("llm", base_url=urls, api_key="key-one,key-other"):
            yield one, other


def test_each_model_server_is_asked_with_its_own_key(two_servers):
    outcome = checks.check_models()

    assert outcome == {"endpoint": ", ".join(server.base_url for server in two_servers)}
    keys = [[asked.headers["authorization"] for asked in server.requests] for server in two_servers]
    assert keys == [["Bearer key-one"], ["Bearer key-other"]]


def test_the_model_server_that_is_silent_is_named(two_servers):
    one, _ = two_servers
    with override_config("llm", base_url=f"{one.base_url},http://127.0.0.1:1/v1"):
        with pytest.raises(LookupError, match=r"http://127\.0\.0\.1:1/v1 does not answer"):
            checks.check_models()
        notices = list(model_notices())

    assert len(notices) == 1
    assert "the language model at http://127.0.0.1:1/v1 does not answer" in notices[0]


@pytest.mark.django_db
def test_detailed_shows_how_far_embedding_models_are():
    def shown():
        return looking.look_at("embedding", checks.embedding)

    assert (shown()["status"], shown()["models"]) == ("ok", {})
    write(DocumentFactory(), "text")
    active = EmbeddingModel.objects.get()
    other = EmbeddingModel.objects.create(provider="openai", name="m", dimensions=8, error="Away.")

    found = shown()
    assert (found["status"], found["warning"]) == ("ok", True)
    assert found["models"] == {
        str(active): {"state": "active", "documents_left": 1, "documents_failed": 0},
        str(other): {"state": "enabled", "documents_left": 0, "documents_failed": 0},
    }
    EmbeddingModel.objects.filter(pk=active.pk).update(error="It does not answer.")
    assert (shown()["status"], shown()["detail"]) == ("failed", f"{active}: It does not answer.")


def test_an_embedding_server_is_looked_at_like_the_others(two_servers):
    one, _ = two_servers
    assert checks.embedding_server() == {"endpoint": None}

    with override_config("vector", embedding_base_url=one.base_url, embedding_api_key="key"):
        assert checks.embedding_server() == {"endpoint": one.base_url}
        assert list(embedding_notices()) == []
    with override_config("vector", embedding_base_url="http://127.0.0.1:1/v1"):
        with pytest.raises(LookupError, match="does not answer"):
            checks.embedding_server()
        (notice,) = embedding_notices()

    assert one.requests[0].headers["authorization"] == "Bearer key"
    assert "search uses keywords only" in notice


def test_a_reranker_is_looked_at_like_the_others(two_servers):
    one, _ = two_servers
    assert checks.check_reranker() == {"endpoint": None}

    with override_config("vector", rerank_base_url=one.base_url):
        assert checks.check_reranker() == {"endpoint": one.base_url}
        assert list(rerank_notices()) == []
    # TEI has no list of models, and answers all the same.
    with override_config("vector", rerank_base_url=f"{one.base_url}/nowhere"):
        assert list(rerank_notices()) == []
    with override_config("vector", rerank_base_url="http://127.0.0.1:1"):
        with pytest.raises(LookupError, match="does not answer"):
            checks.check_reranker()
        (notice,) = rerank_notices()

    assert "search orders passages without it" in notice


@pytest.mark.parametrize(("used", "warning"), [(0, False), (8, False), (9, True), (10, True)])
def test_the_pool_warns_above_eighty_per_cent(used, warning):
    stats = {"pool_max": 10, "pool_size": 10, "pool_available": 10 - used, "requests_waiting": 2}

    assert checks.pool_of(stats) == {
        "size": 10,
        "in_use": used,
        "waiting": 2,
        "warning": warning,
    }
