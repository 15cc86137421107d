"""What API keys open: every route and socket, with and without the scope it needs."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.authentication import ANY_SCOPE, ApiKeyAuthentication
from accounts.enums import Scope
from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat.tests.factories import SessionFactory
from youworker.core.db import run_in_thread
from youworker.core.ids import uuid7
from youworker.routing import websockets
from youworker.tests.matrix.routes import ROWS
from youworker.tests.support.sockets import Socket

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete")
# Routes that are no views of the API: no key opens or closes them.
OTHER_ROUTES = {"health/live", "health/ready", "metrics", "v1/redoc.js"}
# Open to everybody, with or without a key.
OPEN_ROUTES = {
    "v1/auth/csrf-token",
    "v1/auth/login",
    "v1/auth/methods",
    "v1/auth/sso",
    "auth/oidc/callback",
    "auth/oidc/login",
    "v1/docs",
    "v1/redoc",
    "v1/schema",
}


def views(resolver, prefix=""):
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not path.startswith("admin/"):
                yield from views(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, getattr(entry.callback, "cls", None), entry.callback


def is_open(view):
    return AllowAny in view.permission_classes


def takes_keys(view):
    return ApiKeyAuthentication in view.authentication_classes


def methods_of(view, callback):
    actions = getattr(callback, "actions", None)
    return [name for name in METHODS if (name in actions if actions else hasattr(view, name))]


ROUTES = list(views(get_resolver()))
CASES = [
    (path, method, view.scopes.get("read" if method.upper() in SAFE_METHODS else "write"))
    for path, view, callback in ROUTES
    if view is not None and not is_open(view) and takes_keys(view)
    for method in methods_of(view, callback)
]
NEEDING = [case for case in CASES if case[2] and case[2] != ANY_SCOPE]
# A key is not enough there: the password has to come with it.
PROVEN = {"v1/account", "v1/account/exports"}


@pytest.fixture
def staff():
    user = UserFactory(is_staff=True)
    # The only routes that ask staff for a right of the console as well.
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="webhooks"))
    return user


def answer_to(user, path, method, scopes):
    _key, secret = create_api_key(user, name="k", scopes=scopes, actor=user)
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    url = "/" + re.sub("<uuid:[a-z_]+>", str(uuid7()), path).replace("<int:number>", "1")
    return getattr(client, method)(url, {} if method != "get" else None)


def codes_of(answer):
    if answer.status_code < 400:
        return set()
    told = answer.json()
    # OpenAI's clients read one error.
    errors = [told["error"]] if "error" in told else told["errors"]
    return {error["code"] for error in errors}


def test_every_route_is_known():
    other = {path for path, view, _ in ROUTES if view is None}
    open_to_all = {path for path, view, _ in ROUTES if view is not None and is_open(view)}

    # Keys are nothing on pages; the matrix says who is let in there.
    assert other - {row.path for row in ROWS if row.is_page} == OTHER_ROUTES
    assert open_to_all == OPEN_ROUTES
    assert all(issubclass(view, APIView) for _, view, _ in ROUTES if view is not None)
    assert len(NEEDING) > 40


@pytest.mark.parametrize(("path", "method", "scope"), NEEDING)
def test_the_scope_opens_a_route_and_all_others_do_not(staff, path, method, scope):
    others = [each for each in Scope.values if each != scope]

    refused = answer_to(staff, path, method, others)
    let_in = answer_to(staff, path, method, [scope])

    assert (refused.status_code, codes_of(refused)) == (403, {"insufficient_scope"})
    if path in PROVEN and method != "get":
        assert codes_of(let_in) == {"recent_sign_in_required"}
    else:
        assert let_in.status_code not in (401, 403, 500)


def test_one_route_tells_every_key_what_it_is(staff):
    open_to_keys = [case[:2] for case in CASES if case[2] == ANY_SCOPE]

    assert open_to_keys == [("v1/auth/me", "get")]
    assert {answer_to(staff, *open_to_keys[0], [each]).status_code for each in Scope.values} == {
        200
    }


CLOSED = [case for case in CASES if not case[2]]


@pytest.mark.parametrize("path", sorted({path for path, view, _ in ROUTES if view is not None}))
def test_a_route_without_a_scope_is_closed_to_keys(staff, path):
    for closed, method, _ in CLOSED:
        if closed == path:
            assert answer_to(staff, path, method, Scope.values).status_code == 403


@pytest.mark.parametrize(("path", "method"), [case[:2] for case in NEEDING if case[2] == "admin"])
def test_the_admin_scope_is_worthless_without_the_rank(staff, path, method):
    _key, secret = create_api_key(staff, name="k", scopes=["admin"], actor=staff)
    staff.is_staff = False
    staff.save()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    url = "/" + re.sub("<uuid:[a-z_]+>", str(uuid7()), path).replace("<int:number>", "1")

    assert getattr(client, method)(url).status_code == 403


SOCKETS = [("/ws/chat/{}", "chat"), ("/ws/ingestion", "documents.read")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "scope"), SOCKETS)
async def test_sockets_need_their_scope(path, scope):
    session = await run_in_thread(SessionFactory)
    others = [each for each in Scope.values if each not in (scope, "admin")]

    async def knock(scopes):
        _, secret = await run_in_thread(
            create_api_key, session.user, name="k", scopes=scopes, actor=session.user
        )
        headers = [(b"authorization", f"Bearer {secret}".encode())]
        socket = Socket(websockets, path.format(session.pk), headers=headers)
        await socket.send_input({"type": "websocket.connect"})
        return await socket.receive_output()

    refused, let_in = await knock(others), await knock([scope])

    # `websocket.close` before accepting is a 403 of the server.
    assert refused.get("status", 403) == 403
    assert refused["type"] != let_in["type"] == "websocket.accept"
