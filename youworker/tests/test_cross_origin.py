"""Pages of other origins: what they may ask, and what a session never does for them."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example"
UNSAFE = ("post", "put", "patch", "delete")


@pytest.fixture(autouse=True)
def _listed(settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def preflight(origin, path="/v1/search"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return Client().options(path, headers=headers)


def words(answer, name):
    return {word.strip() for word in answer[name].split(",")}


def test_a_listed_origin_may_call_with_a_key():
    answer = preflight(ORIGIN)

    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert words(answer, "Access-Control-Allow-Headers") == {
        "authorization",
        "content-type",
        "idempotency-key",
        "last-event-id",
        "x-api-key",
        "x-correlation-id",
    }
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["X-Correlation-ID"]


def test_a_listed_origin_reads_answers_and_refusals():
    answer = Client().get("/v1/auth/me", headers={"Origin": ORIGIN})

    assert answer.status_code == 401
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in answer["Vary"].lower()
    assert words(answer, "Access-Control-Expose-Headers") == {
        "Retry-After",
        "X-Correlation-ID",
        "X-Run-ID",
        "X-Session-ID",
    }


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://sub.app.example",
        "https://[broken",
    ],
)
def test_nobody_else_may(origin):
    asked = Client().get("/v1/auth/me", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in preflight(origin)
    assert "Access-Control-Allow-Origin" not in asked


@pytest.mark.parametrize("path", ["/admin/login/", "/health/live", "/metrics", "/static/x"])
def test_only_the_api_is_for_other_origins(path):
    answer = Client().get(path, headers={"Origin": ORIGIN})

    assert "Access-Control-Allow-Origin" not in answer


def routes(resolver, prefix=""):
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern) and path.startswith("v1/"):
            some = re.sub("<uuid:[a-z_]+>", "0190c0de-0000-7000-8000-000000000000", path)
            yield "/" + some.replace("<int:number>", "1")


# They know no writes at all.
PAGES = {"/v1/docs", "/v1/redoc", "/v1/redoc.js", "/v1/schema", "/v1/auth/methods"}
# No session counts there: it begins one, and looks at the Origin itself.
SIGN_IN = {"/v1/auth/sso"}
ROUTES = sorted(set(routes(get_resolver("youworker.urls"))) - PAGES - SIGN_IN)


@pytest.fixture
def signed_in():
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_there_are_routes_to_look_at():
    assert len(ROUTES) > 40


@pytest.mark.slow
def test_a_session_writes_nowhere_without_the_token(signed_in):
    for route in ROUTES:
        for method in UNSAFE:
            answer = getattr(signed_in, method)(route, "{}", content_type="application/json")

            assert answer.status_code == 403, (method, route)
            assert b"CSRF" in answer.content, (method, route)


def token(client):
    return client.get("/v1/auth/csrf-token").json()["csrf_token"]


def write(client, **headers):
    return client.post("/v1/auth/logout", content_type="application/json", headers=headers)


def test_the_token_opens_the_door(signed_in):
    assert write(signed_in, **{"X-CSRFToken": token(signed_in)}).status_code == 204


@pytest.mark.parametrize("origin", ["https://evil.example", ORIGIN, "null", "https://testserver"])
def test_the_token_does_not_help_other_origins(signed_in, origin):
    answer = write(signed_in, **{"X-CSRFToken": token(signed_in), "Origin": origin})

    assert answer.status_code == 403


def test_the_token_of_somebody_else_does_not_help(signed_in):
    other = Client(enforce_csrf_checks=True)
    other.force_login(UserFactory())

    assert write(signed_in, **{"X-CSRFToken": token(other)}).status_code == 403


def test_a_key_needs_no_token():
    user = UserFactory()
    _key, secret = create_api_key(user, name="k", scopes=["chat"], actor=user)
    client = Client(enforce_csrf_checks=True)

    headers = {"Authorization": f"Bearer {secret}", "Origin": ORIGIN}
    answer = client.post("/v1/sessions", "{}", content_type="application/json", headers=headers)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_form_on_another_page_signs_nobody_in(kind):
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/v1/auth/login", '{"username": "a", "password": "b"}', content_type=kind)

    assert answer.status_code == 415
    assert "sessionid" not in answer.cookies


def test_the_admin_signs_nobody_in_without_its_token():
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/admin/login/", {"username": "a", "password": "b"})

    assert answer.status_code == 403
    assert b"Load it again" in answer.content
