"""What browsers are allowed, page by page."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path

from accounts.tests.factories import UserFactory
from documents.content import original
from documents.tests.factories import DocumentFactory
from youworker.core.api.redoc import BUNDLE, LOGO, read_bundle

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

STRICT = {"default-src 'none'", "frame-ancestors 'none'"}
COMMON = {
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
}
FOREIGN = re.compile(
    r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//[^"'\s>]+|url\(\s*["']?https?:"""
)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*src=)[^>]*>\s*\S")


def own(_request):
    answer = HttpResponse("x")
    answer["Content-Security-Policy"] = "sandbox"
    return answer


def pdf(_request):
    return HttpResponse(b"%PDF", content_type="application/pdf")


urlpatterns = [
    path("", include("youworker.urls")),
    path("v1/own", own),
    path("v1/pdf", pdf),
    path("elsewhere", lambda _request: HttpResponse("x")),
]


def policy(answer):
    return set(answer["Content-Security-Policy"].split("; "))


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("url", ["/v1/auth/me", "/v1/nowhere", "/health/live", "/metrics"])
def test_answers_for_programs_may_load_nothing(client, url):
    assert policy(client.get(url)) == STRICT


def test_pages_load_what_is_ours(client):
    assert policy(client.get("/elsewhere")) == COMMON


def test_the_admin_evaluates_expressions_but_runs_no_script_of_a_page(staff):
    allowed = policy(staff.get("/admin/"))

    assert allowed - COMMON == {
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
    }


@pytest.mark.parametrize("url", ["/v1/docs", "/v1/redoc"])
def test_documentation_runs_only_our_scripts(client, url):
    allowed = policy(client.get(url))

    assert allowed > COMMON
    assert not any(part.startswith("script-src") for part in allowed)
    assert ("worker-src blob:" in allowed) == (url == "/v1/redoc")


def test_the_script_of_a_page_is_no_page(client):
    assert policy(client.get("/v1/docs?script=")) == STRICT


def test_a_view_keeps_its_own_policy(client):
    assert policy(client.get("/v1/own")) == {"sandbox"}


def test_documents_keep_their_sandbox(client, rf, tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"<script>")

    answer = original(rf.get("/"), DocumentFactory(mime="text/html"), file)

    assert policy(answer) == {"default-src 'none'", "sandbox"}


def test_a_viewer_may_show_a_pdf(client):
    assert "style-src 'self' 'unsafe-inline'" in policy(client.get("/v1/pdf"))


async def test_the_policy_is_the_same_for_asynchronous_servers():
    assert policy(await AsyncClient().get("/elsewhere")) == COMMON


PAGES = [
    "/admin/",
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
    "/admin/chat/session/",
    "/admin/documents/document/",
    "/admin/auditlog/logentry/",
    "/admin/password_change/",
    "/v1/docs",
    "/v1/docs?script=",
    "/v1/redoc",
]


@pytest.mark.parametrize("url", PAGES)
def test_no_page_refers_to_another_origin(staff, url):
    answer = staff.get(url)

    assert answer.status_code == 200
    assert FOREIGN.findall(answer.content.decode()) == []
    assert INLINE_SCRIPT.findall(answer.content.decode()) == []


def test_the_page_for_signing_in_refers_to_no_other_origin():
    assert FOREIGN.findall(Client().get("/admin/login/").content.decode()) == []


def test_redoc_comes_without_its_picture_from_elsewhere(client):
    with open(finders.find(BUNDLE), "rb") as file:
        assert LOGO in file.read()

    answer = client.get("/v1/redoc.js")

    assert LOGO not in read_bundle()
    assert answer["Content-Type"] == "text/javascript"
    assert answer.content == read_bundle()


def test_sessions_are_kept_from_scripts_and_other_sites(client):
    user = UserFactory(username="bob")
    user.set_password("correct horse battery")
    user.save()

    body = {"username": "bob", "password": "correct horse battery"}
    cookie = client.post("/v1/auth/login", body, "application/json").cookies["sessionid"]

    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"


def test_the_package_checks_find_nothing():
    call_command("check", fail_level="WARNING")
