"""One error shape on every route, and never a word about our code."""

import pytest
import redis
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils.translation import override
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tickets
from accounts.tests.factories import UserFactory
from youworker.core.api.openai_shape import UNSERVED
from youworker.core.exceptions import Conflict, InvalidInput, RateLimited

LOST = "SELECT pg_terminate_backend(pg_backend_pid())"
FULL = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"
TOO_LONG = "SET statement_timeout = 1; SELECT pg_sleep(1)"


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


class Failing(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request, kind):
        if kind == "conflict":
            raise Conflict("It is in use.")
        if kind == "invalid":
            raise InvalidInput("Too long.", attr="name")
        if kind == "throttled":
            raise RateLimited("Slow down.", wait=7)
        if kind == "crash":
            raise RuntimeError("the secret of the house")
        if kind in {"lost", "full", "too_long"}:
            ask({"lost": LOST, "full": FULL, "too_long": TOO_LONG}[kind])
        return Response({})


def crash(_request):
    raise RuntimeError("the secret of the house")


def lost(_request):
    ask(LOST)


def plain(_request):
    return HttpResponse("ok")


urlpatterns = [
    path("", include("youworker.urls")),
    path("fail/<kind>", Failing.as_view()),
    path("crash", crash),
    path("lost", lost),
    path("plain", plain),
]
handler400 = "youworker.core.api.error_views.bad_request"
handler403 = "youworker.core.api.error_views.permission_denied"
handler404 = "youworker.core.api.error_views.page_not_found"
handler500 = "youworker.core.api.error_views.server_error"

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


FOR_PROGRAMS = {"Accept": "application/json"}


def page_of(answer, status):
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert len(answer["X-Correlation-ID"]) == 32
    return answer.content.decode()


def errors_of(answer, status, kind):
    assert answer.status_code == status
    assert len(answer["X-Correlation-ID"]) == 32
    body = answer.json()
    assert body["type"] == kind
    assert set(body["errors"][0]) == {"code", "detail", "attr"}
    return body["errors"][0]


def test_an_unknown_route(client):
    answer = client.get("/v1/nowhere")

    assert errors_of(answer, 404, "client_error")["code"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/audio/translations"])
def test_a_route_of_openai_that_is_not_served_names_another(client, path):
    answer = client.post(path, b"{}", content_type="application/json", headers=FOR_PROGRAMS)

    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "not_found")
    assert UNSERVED[path] in error["message"]


@pytest.mark.parametrize("path", ["/v1/moderations", "/v1/images/generations", "/v1/rerank"])
def test_what_openai_serves_and_we_do_not_is_told_as_its_clients_read_it(client, path):
    answer = client.post(path, b"{}", content_type="application/json", headers=FOR_PROGRAMS)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_route_that_only_begins_like_one_of_openai_is_none(client):
    answer = client.get("/v1/filesystem", headers=FOR_PROGRAMS)

    assert errors_of(answer, 404, "client_error")["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/chat/completions", "/v1/chat/completions"),
        ("/v1//chat/completions", "/v1/chat/completions"),
        ("/embeddings", "/v1/embeddings"),
        ("/responses", "/v1/responses"),
    ],
)
@pytest.mark.parametrize("accepted", ["application/json", "*/*", ""])
def test_a_wrong_base_url_of_a_client_is_told_the_right_route(client, path, meant, accepted):
    answer = client.post(path, b"{}", content_type="application/json", headers={"Accept": accepted})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"This is not served here: use {meant}."


@pytest.mark.parametrize("path", ["/nowhere/models", "/nowhere/chat/completions"])
def test_a_page_that_is_called_like_a_route_is_none(client, path):
    assert "<h1>This page does not exist</h1>" in page_of(client.get(path), 404)


def test_people_who_look_a_route_up_without_its_version_get_a_page(client):
    shown = page_of(client.get("/models", headers={"Accept": "text/html,*/*"}), 404)

    assert "<h1>This page does not exist</h1>" in shown


def test_people_get_a_page(client):
    shown = page_of(client.get("/nowhere", headers={"Accept": "text/html,*/*"}), 404)

    assert "<h1>This page does not exist</h1>" in shown
    assert "no longer shared with you" in shown
    assert 'href="/"' in shown


def test_people_get_it_in_their_language(client):
    shown = page_of(client.get("/nowhere", headers={"Accept-Language": "it"}), 404)

    assert "<h1>Questa pagina non esiste</h1>" in shown


def test_a_program_that_lost_its_way_understands_the_answer(client):
    answer = client.get("/nowhere", headers=FOR_PROGRAMS)

    assert errors_of(answer, 404, "client_error")["code"] == "not_found"


def test_a_part_of_a_page_shows_the_error_over_the_page(client):
    answer = client.get("/crash", headers={"HX-Request": "true"})

    assert answer["HX-Retarget"] == "#toasts"
    shown = page_of(answer, 500)
    assert "<html" not in shown
    assert answer["X-Correlation-ID"] in shown


@pytest.mark.parametrize("where", ["/crash", "/fail/crash"])
def test_our_own_mistakes_say_nothing(client, where):
    answer = client.get(where, headers=FOR_PROGRAMS)

    assert errors_of(answer, 500, "server_error")["code"] == "error"
    assert b"secret" not in answer.content
    assert b"Traceback" not in answer.content


def test_refusals_of_services(client):
    conflict = errors_of(client.get("/fail/conflict"), 409, "client_error")
    invalid = errors_of(client.get("/fail/invalid"), 400, "validation_error")

    assert conflict == {"code": "conflict", "detail": "It is in use.", "attr": None}
    assert invalid == {"code": "invalid", "detail": "Too long.", "attr": "name"}


def test_limits_say_when_to_come_back(client):
    answer = client.get("/fail/throttled")

    assert errors_of(answer, 429, "client_error")["code"] == "throttled"
    assert answer["Retry-After"] == "7"


@pytest.mark.django_db
def test_a_write_without_the_csrf_token():
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/plain", headers=FOR_PROGRAMS)

    assert errors_of(answer, 403, "client_error")["code"] == "csrf_failed"


@pytest.mark.django_db
def test_a_form_that_was_open_for_too_long_leads_back_to_its_page():
    client = Client(enforce_csrf_checks=True)

    ours = client.post("/plain", headers={"Referer": "http://testserver/collections/add?x=1"})
    theirs = client.post("/plain", headers={"Referer": "https://evil.example/lure"})

    assert 'href="/collections/add?x=1"' in page_of(ours, 403)
    assert "evil.example" not in page_of(theirs, 403)


def test_what_may_pass_is_offered_again(client):
    assert 'href="/crash?x=1"' in page_of(client.get("/crash?x=1"), 500)
    assert "/nowhere" not in page_of(client.get("/nowhere"), 404)


def test_a_foreign_host(client):
    answer = client.get("/plain", headers={"Host": "evil.example", **FOR_PROGRAMS})

    assert errors_of(answer, 400, "client_error")["code"] == "bad_request"


def test_a_method_that_does_not_exist(client):
    assert errors_of(client.post("/fail/x"), 405, "client_error")["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/v1/auth/me", rb'{"language": "\ud800"}'),
        ("post", "/v1/account/api-keys", rb'{"name": "k", "scopes": ["\udfff"]}'),
    ],
)
@pytest.mark.django_db
def test_half_a_surrogate_pair_is_refused_like_any_other_wrong_value(client_of, method, path, body):
    client = client_of(UserFactory())

    answer = client.generic(method.upper(), path, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["type"] == "validation_error"


@pytest.mark.django_db
def test_what_needs_redis_says_so_while_it_is_away(client_of, monkeypatch):
    away = redis.Redis.from_url("redis://127.0.0.1:1/0", retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(tickets, "sync_redis", lambda: away)

    answer = client_of(UserFactory()).post("/v1/auth/tickets")

    assert errors_of(answer, 503, "server_error")["code"] == "unavailable"


def test_refusals_are_told_in_the_language_of_the_caller(client):
    answer = client.post(
        "/v1/auth/login",
        {"username": "", "password": ""},
        content_type="application/json",
        headers={"Accept-Language": "it"},
    )
    limit = RateLimited("Too many requests, try again in %(wait)s s.", wait=7)

    assert answer.json()["errors"][0]["detail"] == "Questo campo non può essere omesso."
    assert limit.message == "Too many requests, try again in 7 s."
    with override("it"):
        assert limit.in_words() == "Troppe richieste, riprova tra 7 s."


def test_what_people_write_is_no_template():
    assert Conflict("“100 %(off)s” is taken.").in_words() == "“100 %(off)s” is taken."


@pytest.fixture
def _lost_connection(transactional_db):
    """A connection that may be lost, or spoilt; the next test has another one."""
    yield
    connection.close()


@pytest.mark.usefixtures("_lost_connection")
def test_a_database_that_goes_away_is_no_mistake_of_ours(client, caplog):
    error = errors_of(client.get("/fail/lost"), 503, "server_error")
    with override("it"):
        page = page_of(client.get("/lost", headers={"Accept-Language": "it"}), 503)

    assert error["code"] == "unavailable"
    assert error["detail"] == "The database does not answer; try again in a minute."
    assert "Il database non risponde" in page
    assert "terminat" not in page
    assert len([record for record in caplog.records if record.exc_info]) == 2


@pytest.mark.usefixtures("_lost_connection")
def test_a_database_without_room_is_no_mistake_of_ours(client):
    error = errors_of(client.get("/fail/full"), 503, "server_error")

    assert error["code"] == "unavailable"
    assert error["detail"] == "There is no room left on the server; try again later."


@pytest.mark.usefixtures("_lost_connection")
def test_a_statement_that_takes_too_long_is_a_mistake_of_ours(client):
    errors_of(client.get("/fail/too_long"), 500, "server_error")
