"""User B gets 404 for every id of user A, on every route and socket.

The tables below must name every route that takes an id and every id that a body takes; a route
that is added without a row fails the build.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import DataExport
from accounts.tests.factories import ApiKeyFactory, SignInFactory, UserFactory
from chat.enums import RunStatus, ToolRunStatus
from chat.routing import websocket_urlpatterns as chat_sockets
from chat.tests.attachment_support import attached_image
from chat.tests.factories import (
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolGrantFactory,
    ToolRunFactory,
)
from documents.tests.factories import CollectionFactory, DocumentFactory, keep_older, write
from groups import services as groups
from groups.tests.factories import GroupFactory, managed_group, service_account_of
from ingestion.routing import websocket_urlpatterns as ingestion_sockets
from ingestion.tests.factories import RunFactory as IngestionRunFactory
from ingestion.tests.factories import SourceFactory
from mcp.tests.factories import ConnectionFactory, ServerFactory, ToolFactory
from youworker.tests.matrix.routes import ROWS
from youworker.tests.support.sockets import Socket
from youworker.webhooks.services import send_test
from youworker.webhooks.tests.receivers import endpoint_at

pytestmark = pytest.mark.django_db


def session_of(user):
    return SessionFactory(user=user)


def run_of(user):
    return RunFactory(session__user=user)


def waiting_call_of(user):
    run = RunFactory(session__user=user, status=RunStatus.WAITING_APPROVAL)
    call = ToolRunFactory(session=run.session, run=run, status=ToolRunStatus.WAITING)
    return {"pk": run.pk, "tool_run_id": call.pk}


def message_of(user):
    return MessageFactory(session__user=user)


def attachment_of(user):
    return attached_image(message_of(user))


def key_of(user):
    return ApiKeyFactory(user=user)


def export_of(user):
    return DataExport.objects.create(user=user)


def sign_in_of(user):
    return SignInFactory(user=user)


def collection_of(user):
    return CollectionFactory(owner=user)


def document_of(user):
    return DocumentFactory(owner=user)


def versioned_of(user):
    document = document_of(user)
    write(document, "A secret that was there before.")
    keep_older(document)
    return document


def ingestion_of(user):
    return IngestionRunFactory(owner=user)


def source_of(user):
    return SourceFactory(owner=user)


def group_of(user):
    return managed_group(user)[0]


def member_of(user):
    return {"group_id": group_of(user).pk, "user_id": user.pk}


def program_of(user):
    group = group_of(user)
    return {"group_id": group.pk, "pk": service_account_of(group, user).pk}


def program_key_of(user):
    group = group_of(user)
    account = service_account_of(group, user)
    key, _ = groups.create_service_key(account, name="k", scopes=["chat"], actor=user)
    return {"group_id": group.pk, "pk": account.pk, "key_id": key.pk}


def server_of(_user):
    return ServerFactory()


def connected_server_of(user):
    return ConnectionFactory(user=user).server


def tool_of(_user):
    return ToolFactory()


def policy_of(_user):
    return {"pk": ToolFactory().pk, "group_id": group_of(UserFactory()).pk}


def hook_of(_user):
    return endpoint_at("https://hook.invalid/")


def sent_to_hook_of(user):
    hook = hook_of(user)
    sent = send_test(hook, actor=UserFactory(is_staff=True))
    return {"pk": hook.pk, "delivery_id": sent.pk}


def grant_of(user):
    return ToolGrantFactory(user=user)


HOOK = "v1/webhooks/<uuid:pk>"
VERSION = "v1/documents/<uuid:pk>/versions/<int:number>"
# Every route with an id: whose id it takes, and how its methods are called. Where there are
# several ids, the factory gives them by name.
ROUTES = {
    "v1/account/api-keys/<uuid:pk>": (key_of, ["delete"]),
    "v1/account/api-keys/<uuid:pk>/rotate": (key_of, ["post"]),
    "v1/account/exports/<uuid:pk>": (export_of, ["get"]),
    "v1/account/exports/<uuid:pk>/download": (export_of, ["get"]),
    "v1/account/sessions/<uuid:pk>": (sign_in_of, ["delete"]),
    "v1/collections/<uuid:pk>/restore": (collection_of, ["post"]),
    "v1/collections/<uuid:pk>": (collection_of, ["get", "patch", "delete"]),
    "v1/documents/<uuid:pk>": (document_of, ["get", "patch", "delete"]),
    "v1/documents/<uuid:pk>/restore": (document_of, ["post"]),
    "v1/documents/<uuid:pk>/content": (document_of, ["get"]),
    "v1/documents/<uuid:pk>/passages": (document_of, ["get"]),
    "v1/documents/<uuid:pk>/access": (document_of, ["get"]),
    "v1/documents/<uuid:pk>/versions": (versioned_of, ["get"]),
    VERSION: (versioned_of, ["get", "delete"]),
    f"{VERSION}/restore": (versioned_of, ["post"]),
    f"{VERSION}/content": (versioned_of, ["get"]),
    f"{VERSION}/passages": (versioned_of, ["get"]),
    "v1/groups/<uuid:pk>": (group_of, ["get", "patch", "delete"]),
    "v1/groups/<uuid:pk>/restore": (group_of, ["post"]),
    "v1/groups/<uuid:group_id>/members": (group_of, ["get", "post"]),
    "v1/groups/<uuid:group_id>/members/<uuid:user_id>": (member_of, ["patch", "delete"]),
    "v1/groups/<uuid:group_id>/service-accounts": (group_of, ["get", "post"]),
    "v1/groups/<uuid:group_id>/service-accounts/<uuid:pk>": (program_of, ["delete"]),
    "v1/groups/<uuid:group_id>/service-accounts/<uuid:pk>/api-keys": (
        program_of,
        ["get", "post"],
    ),
    "v1/groups/<uuid:group_id>/service-accounts/<uuid:pk>/api-keys/<uuid:key_id>": (
        program_key_of,
        ["delete"],
    ),
    "v1/ingestion/runs/<uuid:pk>": (ingestion_of, ["get", "delete"]),
    "v1/ingestion/runs/<uuid:run_id>/items": (ingestion_of, ["get"]),
    "v1/ingestion/runs/<uuid:pk>/cancel": (ingestion_of, ["post"]),
    "v1/ingestion/runs/<uuid:pk>/retry": (ingestion_of, ["post"]),
    "v1/sources/<uuid:pk>": (source_of, ["get", "patch", "delete"]),
    "v1/sources/<uuid:pk>/sync": (source_of, ["post"]),
    "v1/sessions/<uuid:pk>": (session_of, ["get", "patch", "delete"]),
    "v1/sessions/<uuid:pk>/restore": (session_of, ["post"]),
    "v1/sessions/<uuid:pk>/messages": (session_of, ["get", "post"]),
    "v1/messages/<uuid:pk>": (message_of, ["get"]),
    "v1/messages/<uuid:pk>/regenerate": (message_of, ["post"]),
    "v1/messages/<uuid:pk>/continue": (message_of, ["post"]),
    "v1/sessions/<uuid:pk>/transcript": (session_of, ["get"]),
    "v1/sessions/<uuid:pk>/summaries": (session_of, ["get"]),
    "v1/sessions/<uuid:pk>/attachments": (session_of, ["get"]),
    "v1/attachments/<uuid:pk>/keep": (attachment_of, ["post"]),
    "v1/attachments/<uuid:pk>/picture": (attachment_of, ["get"]),
    "v1/attachments/<uuid:pk>/thumbnail": (attachment_of, ["get"]),
    "v1/messages/<uuid:pk>/speech": (message_of, ["get"]),
    "v1/messages/<uuid:pk>/feedback": (message_of, ["post"]),
    "v1/runs/<uuid:pk>": (run_of, ["get"]),
    "v1/runs/<uuid:pk>/events": (run_of, ["get"]),
    "v1/runs/<uuid:pk>/stop": (run_of, ["post"]),
    "v1/mcp/servers/<uuid:pk>/connection": (connected_server_of, ["delete"]),
    "v1/runs/<uuid:pk>/approvals/<uuid:tool_run_id>": (waiting_call_of, ["post"]),
    "v1/tool-grants/<uuid:pk>": (grant_of, ["delete"]),
}
# Routes for staff: anybody else is refused before the id is looked at.
STAFF_ROUTES = {
    "v1/mcp/servers/<uuid:pk>": (server_of, ["patch", "delete"]),
    "v1/mcp/servers/<uuid:pk>/refresh": (server_of, ["post"]),
    "v1/tools/<uuid:pk>": (tool_of, ["patch"]),
    "v1/tools/<uuid:pk>/group-policies": (tool_of, ["get"]),
    "v1/tools/<uuid:pk>/group-policies/<uuid:group_id>": (policy_of, ["put", "delete"]),
    HOOK: (hook_of, ["get", "patch", "delete"]),
    f"{HOOK}/rotate-secret": (hook_of, ["post"]),
    f"{HOOK}/pause": (hook_of, ["post"]),
    f"{HOOK}/resume": (hook_of, ["post"]),
    f"{HOOK}/test": (hook_of, ["post"]),
    f"{HOOK}/deliveries": (hook_of, ["get"]),
    f"{HOOK}/deliveries/<uuid:delivery_id>/resend": (sent_to_hook_of, ["post"]),
}
SOCKETS = {"ws/chat/<uuid:session_id>": session_of}


def patterns(resolver, prefix=""):
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not path.startswith("admin/"):
                yield from patterns(entry, path)
        elif isinstance(entry, URLPattern):
            yield path


# Models have names, which everybody sees.
OF_EVERYBODY = {"v1/models/<path:name>"}


def test_every_route_with_an_id_has_a_row():
    with_id = {path for path in patterns(get_resolver()) if "<" in path} - OF_EVERYBODY

    # Those of pages stand in the matrix, where strangers get the answer of an absent thing.
    assert with_id - {row.path for row in ROWS if row.is_page} == set(ROUTES) | set(STAFF_ROUTES)


def test_no_route_hides_another():
    everywhere = Counter(re.sub(r"<(\w+):\w+>", r"<\1>", path) for path in patterns(get_resolver()))

    assert [path for path, count in everywhere.items() if count > 1] == []


def test_every_socket_with_an_id_has_a_row():
    paths = {str(route.pattern) for route in [*chat_sockets, *ingestion_sockets]}

    assert {path for path in paths if "<" in path} == set(SOCKETS)


def url_of(path, row):
    ids = row if isinstance(row, dict) else {}
    path = path.replace("<int:number>", "1")
    return "/" + re.sub("<uuid:([a-z_]+)>", lambda found: str(ids.get(found[1]) or row.pk), path)


CASES = [(path, method) for path, (_, methods) in ROUTES.items() for method in methods]


@pytest.mark.parametrize(("path", "method"), CASES)
def test_ids_of_another_user_look_absent(path, method):
    row = ROUTES[path][0](UserFactory())
    client = APIClient()
    client.force_authenticate(UserFactory())
    body = None if method == "get" else {"text": "x", "title": "x", "name": "x", "rating": 1}

    answer = getattr(client, method)(url_of(path, row), body)
    absent = getattr(client, method)(url_of(path, type("Gone", (), {"pk": UserFactory().pk})), body)

    assert answer.status_code == 404
    assert answer.json() == absent.json()


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, (_, methods) in STAFF_ROUTES.items() for method in methods],
)
def test_staff_routes_refuse_everybody_else(path, method):
    row = STAFF_ROUTES[path][0](None)
    client = APIClient()
    client.force_authenticate(UserFactory())

    answer = getattr(client, method)(url_of(path, row), {})

    assert answer.status_code in (403, 404)


BODIES = [
    ("post", "/v1/sessions", "collections", lambda user: [str(collection_of(user).pk)]),
    ("post", "/v1/chat", "session_id", lambda user: str(session_of(user).pk)),
    ("post", "/v1/chat", "collections", lambda user: [str(collection_of(user).pk)]),
    ("post", "/v1/chat", "attachments", lambda user: [str(document_of(user).pk)]),
    ("post", "/v1/chat", "attachments", lambda user: [str(attachment_of(user).pk)]),
    ("post", "/v1/attachments", "session_id", lambda user: str(session_of(user).pk)),
]


@pytest.mark.parametrize(("method", "url", "name", "value"), BODIES)
def test_ids_of_another_user_in_bodies_look_absent(method, url, name, value):
    client = APIClient()
    client.force_authenticate(UserFactory())

    answer = getattr(client, method)(url, {"text": "hello", name: value(UserFactory())})

    assert answer.status_code in (400, 404)


def test_search_limited_to_a_collection_of_another_user_finds_nothing_of_his():
    document = DocumentFactory(owner=UserFactory())
    client = APIClient()
    client.force_authenticate(UserFactory())
    limits = {"collections": [str(document.collection_id)]}

    answer = client.post("/v1/search", {"query": document.title, "mode": "keyword", **limits})

    assert answer.status_code in (400, 404) or answer.json()["results"] == []


def test_groups_are_invisible_to_others():
    from groups.models import Group

    GroupFactory()

    assert not Group.objects.visible_to(UserFactory()).exists()


@pytest.mark.django_db(transaction=True)
async def test_sockets_of_another_user_answer_404():
    from asgiref.sync import sync_to_async

    from youworker.routing import websockets

    owner, other = await sync_to_async(UserFactory)(), await sync_to_async(UserFactory)()
    key, secret = await sync_to_async(made_key)(other)
    session = await sync_to_async(session_of)(owner)
    headers = [(b"authorization", f"Bearer {secret}".encode())]
    socket = Socket(websockets, f"/ws/chat/{session.pk}", headers=headers)

    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output()

    assert answer["type"] == "websocket.http.response.start"
    assert answer["status"] == 404
    assert key.user_id == other.pk


def made_key(user):
    from accounts.services import create_api_key

    return create_api_key(user, name="socket", scopes=["chat"], actor=user)
