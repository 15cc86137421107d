"""Security events for `test_audit`: how each is brought about, and what its line must say.

A row is `Event(name, action, act)`; `act(world)` brings it about, over the REST API as `world.as_`
or by a service. Whatever an act may hand in as content contains `CANARY`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.enums import Scope
from accounts.tests.factories import UserFactory
from chat import deletion
from chat import services as chat
from chat.models import ModelServer
from chat.runs import tool_calls
from chat.services.model_servers import delete_model_server, save_model_server
from chat.tests.factories import MessageFactory, RunFactory, SessionFactory, ToolRunFactory
from documents import services as documents
from documents.embedding import configured_model
from documents.enums import Provider
from documents.models import EmbeddingModel
from documents.services import embedding_models, removal, staff
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    TagFactory,
    store_bytes,
)
from groups.tests.factories import GroupFactory, MembershipFactory
from ingestion.tests.factories import SourceFactory
from mcp import services as mcp
from mcp.services.connecting import store_connection
from mcp.tests.factories import ConnectionFactory, ServerFactory, ToolFactory
from youworker.webhooks.tests.receivers import endpoint_at

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "Canary-7QZ"
ADDRESS = "10.1.2.3"
CAUSE = "cause-1"
PASSWORD = f"{CANARY} password"
HEADERS = {"REMOTE_ADDR": ADDRESS, "HTTP_X_CORRELATION_ID": CAUSE}


@cache
def password_hash() -> str:
    """The hash of everybody's password, which is slow to compute."""
    return make_password(PASSWORD)


class World:
    """Ada owns things, Bob shares a group with her, Root may do everything."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.keys: dict[str, Any] = {}
        self.ada = self.person("ada")
        self.bob = self.person("bob")
        self.root = self.person("root", is_staff=True, is_superuser=True)
        self.nobody = None
        self.clerk: Any = None

    def person(self, name: str, **flags: Any) -> Any:
        return UserFactory(
            username=name,
            display_name=CANARY,
            email=f"{CANARY}@example.org",
            password=password_hash(),
            **flags,
        )

    def as_(self, name: str, scopes: list[str] | None = None) -> APIClient:
        """A client with an API key of somebody's."""
        user = getattr(self, name)
        wanted = scopes or [s for s in Scope.values if s != "admin" or user.is_staff]
        key, secret = accounts.create_api_key(user, name=CANARY, scopes=wanted, actor=user)
        self.keys[name] = key
        self.secrets.append(secret)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}", **HEADERS)
        return client

    def browser(self, name: str, **options: Any) -> Client:
        """A browser in which somebody has signed in."""
        client = Client(headers={"X-Correlation-ID": CAUSE}, REMOTE_ADDR=ADDRESS, **options)
        client.force_login(getattr(self, name))
        return client

    @cached_property
    def group(self) -> Any:
        group = GroupFactory(name=CANARY)
        for user in (self.ada, self.bob):
            MembershipFactory(group=group, user=user)
        return group

    @cached_property
    def collection(self) -> Any:
        return CollectionFactory(owner=self.ada, name=CANARY)

    @cached_property
    def document(self) -> Any:
        file = store_bytes(CANARY.encode())
        return DocumentFactory(owner=self.ada, title=CANARY, uri=f"{CANARY}.pdf", stored_file=file)

    @cached_property
    def source(self) -> Any:
        return SourceFactory(owner=self.ada, name=CANARY, target=f"https://{CANARY}.example/")

    @cached_property
    def session(self) -> Any:
        session = SessionFactory(user=self.ada, title=CANARY)
        MessageFactory(session=session, content=CANARY)
        return session

    @cached_property
    def tool(self) -> Any:
        return ToolFactory(description=CANARY)

    @cached_property
    def server(self) -> Any:
        return ServerFactory(title=CANARY, secrets={"headers": {"X-Key": CANARY}})

    def call(self, *, error: str | None = None, denied: bool = False, end: bool = True) -> Any:
        """A call of a tool by a run of Ada's."""
        run = RunFactory(session=self.session, user=self.ada, status="running", lease_token=uuid4())
        row = tool_calls.begin_tool_run(run, None, CANARY, {"query": CANARY})
        if end:
            text = error or CANARY
            tool_calls.end_tool_run(
                row, text=text, is_error=bool(error) or denied, latency_ms=1, denied=denied
            )
        return run


@dataclass(frozen=True)
class Event:
    """One security event and its line; `key` says that an API key was shown."""

    name: str
    action: str
    act: Callable[[World], Any]
    by: str = "ada"
    result: str = "ok"
    http: bool = True
    key: bool = True


def service(name: str, action: str, act: Callable[[World], Any], **more: Any) -> Event:
    """An event without a request around it."""
    return Event(name, action, act, http=False, key=False, **more)


def denied(name: str, act: Callable[[World], Any], by: str = "ada", **more: Any) -> Event:
    """A refusal."""
    return Event(name, "auth.unauthorized", act, by=by, result="denied", **more)


def login(world: World, password: str) -> Any:
    client = Client(headers={"X-Correlation-ID": CAUSE}, REMOTE_ADDR=ADDRESS)
    body = {"username": "ada", "password": password}
    return client.post("/v1/auth/login", body, content_type="application/json")


def with_bad_key(**headers: str) -> Any:
    client = APIClient()
    client.credentials(**headers, **HEADERS)
    return client.get("/v1/sessions")


def rotated(world: World) -> Any:
    client = world.as_("ada")
    key, secret = accounts.create_api_key(world.ada, name="x", scopes=["chat"], actor=world.ada)
    world.secrets.append(secret)
    answer = client.post(f"/v1/account/api-keys/{key.pk}/rotate", {})
    world.secrets.append(answer.json()["key"])
    return answer


def revoked(world: World) -> Any:
    key, secret = accounts.create_api_key(world.ada, name="x", scopes=["chat"], actor=world.ada)
    world.secrets.append(secret)
    return world.as_("ada").delete(f"/v1/account/api-keys/{key.pk}")


def create_key(world: World, *scopes: str) -> Any:
    return world.as_("ada").post("/v1/account/api-keys", {"name": CANARY, "scopes": list(scopes)})


def patch_collection(world: World, who: str = "ada", **body: Any) -> Any:
    return world.as_(who).patch(f"/v1/collections/{world.collection.pk}", body)


def share_collection(world: World) -> Any:
    return patch_collection(world, shares=[{"group_id": str(world.group.pk), "access": "read"}])


def shared_collection(world: World) -> str:
    CollectionShareFactory(collection=world.collection, group=world.group)
    return f"/v1/collections/{world.collection.pk}"


def patch_document(world: World, **body: Any) -> Any:
    return world.as_("ada").patch(f"/v1/documents/{world.document.pk}", body)


def shared_document(world: World) -> str:
    DocumentShareFactory(document=world.document, group=world.group)
    return f"/v1/documents/{world.document.pk}"


def unshare_document(world: World) -> Any:
    shared_document(world)
    return patch_document(world, shares=[])


def unshare_collection(world: World) -> Any:
    shared_collection(world)
    return patch_collection(world, shares=[])


def restored(world: World, thing: Any, path: str) -> Any:
    thing.soft_delete()
    return world.as_("ada").post(f"{path}/{thing.pk}/restore")


def upload(world: World) -> Any:
    file = SimpleUploadedFile(f"{CANARY}.txt", CANARY.encode())
    body = {"files": [file], "tags": [CANARY]}
    return world.as_("ada").post("/v1/ingestion/uploads", body, format="multipart")


def follow(world: World) -> Any:
    body = {"kind": "website", "target": f"https://{CANARY}.example/", "name": CANARY}
    return world.as_("ada").post("/v1/sources", body)


def registered(world: World) -> Any:
    file = documents.ParsedFile(
        name=f"{CANARY}.txt",
        uri=CANARY,
        path_hash="a" * 64,
        sha256="b" * 64,
        mime="text/plain",
        size=3,
        passages=[],
        language="en",
    )
    return documents.store_parsed(file, collection=world.collection, tags=[CANARY], actor=world.ada)


def vectors(world: World, *, active: bool) -> Any:
    return EmbeddingModel.objects.create(
        provider=Provider.OPENAI, name=CANARY, dimensions=4, active=active
    )


def model_server() -> ModelServer:
    return ModelServer(name=f"{CANARY} model server", url="http://gpu.lan:8000/v1")


def stored_server() -> ModelServer:
    server = model_server()
    server.address = "gpu.lan:8000/v1"
    server.save()
    return server


def server_body(**more: Any) -> dict[str, Any]:
    return {"headers": {"X-Key": CANARY}, "title": CANARY, **more}


def patch_server(world: World, who: str = "root", **body: Any) -> Any:
    return world.as_(who).patch(f"/v1/mcp/servers/{world.server.pk}", body)


def hook(**more: Any) -> str:
    """The address of a webhook."""
    row = endpoint_at(f"https://hook.invalid/{CANARY}", actions=["backup.restore"], **more)
    return f"/v1/webhooks/{row.pk}"


def hook_body() -> dict[str, Any]:
    url = f"https://hook.invalid/{CANARY}/2"
    return {"url": url, "description": CANARY, "actions": ["backup.restore"]}


def decide(world: World, decision: str) -> Any:
    """Answer whether a tool may be called for Ada."""
    run = RunFactory(session=world.session, user=world.ada, status="waiting_approval")
    row = ToolRunFactory(
        run=run, session=world.session, tool_name=CANARY, tool=world.tool, status="waiting"
    )
    url = f"/v1/runs/{run.pk}/approvals/{row.pk}"
    return world.as_("ada").post(url, {"decision": decision})


def connect(world: World) -> None:
    """Keep a sign-in of Ada's at a tool server."""
    row = ConnectionFactory.build(user=world.ada, server=world.server)
    row.tokens = {"access": CANARY, "refresh": CANARY}
    store_connection(row, binds_client=False, actor=world.ada)


def patch_tool(world: World, who: str = "root", **body: Any) -> Any:
    return world.as_(who).patch(f"/v1/tools/{world.tool.pk}", body)


def read_private(world: World, row: Any, who: str = "root") -> Any:
    options = row._meta
    path = f"/admin/{options.app_label}/{options.model_name}/{row.pk}/read-private/"
    return world.browser(who).post(path, {"reason": f"{CANARY} asked for it"})


def patch_me(world: World, *, body: dict[str, str]) -> Any:
    return world.as_("ada").patch("/v1/auth/me", body)


def get_with(world: World, *, path: str, scope: str) -> Any:
    return world.as_("ada", [scope]).get(path)


def original(world: World) -> bytes:
    answer: Any = world.as_("ada").get(f"/v1/documents/{world.document.pk}/content")
    return b"".join(answer.streaming_content)


def orphaned(world: World) -> None:
    tool_calls.end_orphans(world.call(end=False))


def clerk(world: World) -> Client:
    world.clerk = UserFactory(is_staff=True)
    return world.browser("clerk")


EVENTS = [
    Event("sign in", "user.login", lambda w: login(w, PASSWORD), key=False),
    Event(
        "sign in with a wrong password",
        "auth.login.failed",
        lambda w: login(w, f"{CANARY} wrong"),
        by="nobody",
        result="denied",
        key=False,
    ),
    Event("sign out", "user.logout", lambda w: w.browser("ada").post("/v1/auth/logout"), key=False),
    *(
        Event(f"change {name}", "user.update", partial(patch_me, body=body))
        for name, body in {
            "a display name": {"display_name": f"{CANARY} B"},
            "a mail address": {"email": f"{CANARY}2@example.org"},
            "a language": {"language": "it"},
            "a time zone": {"time_zone": "Europe/Rome"},
        }.items()
    ),
    Event("make a key", "user.api_key.create", lambda w: create_key(w, "chat")),
    Event("rotate a key", "user.api_key.rotate", rotated),
    Event("revoke a key", "user.api_key.revoke", revoked),
    service(
        "make the first superuser",
        "admin.user.create",
        lambda w: (w.root.delete(), accounts.ensure_superuser("first", password=PASSWORD)),
        by="nobody",
    ),
    denied(
        "a wrong bearer key",
        lambda w: with_bad_key(HTTP_AUTHORIZATION=f"Bearer yw_{CANARY}"),
        by="nobody",
        key=False,
    ),
    denied(
        "a wrong X-API-Key",
        lambda w: with_bad_key(HTTP_X_API_KEY=f"yw_{CANARY}"),
        by="nobody",
        key=False,
    ),
    *(
        denied(
            f"a key without the scope for {path}",
            partial(get_with, path=path, scope=scope),
        )
        for path, scope in {
            "/v1/sessions": "account",
            "/v1/documents": "chat",
            "/v1/tools": "chat",
            "/v1/account/api-keys": "chat",
            "/v1/account/audit": "chat",
            "/v1/ingestion/runs": "chat",
        }.items()
    ),
    denied("a key for staff", lambda w: create_key(w, "admin")),
    denied(
        "a write without the CSRF token",
        lambda w: w.browser("ada", enforce_csrf_checks=True).post("/v1/auth/logout"),
        by="nobody",
        key=False,
    ),
    denied("a staff page", lambda w: clerk(w).get("/admin/chat/session/"), by="clerk", key=False),
    denied(
        "private content without the right",
        lambda w: (clerk(w), read_private(w, w.session, "clerk")),
        by="clerk",
        key=False,
    ),
    denied("a tool server of mine", lambda w: w.as_("ada").post("/v1/mcp/servers", server_body())),
    denied("change a tool server", lambda w: patch_server(w, "ada", enabled=False)),
    denied("change a tool", lambda w: patch_tool(w, "ada", policy="auto")),
    denied(
        "change what is shared to read",
        lambda w: w.as_("bob").patch(shared_document(w), {"title": CANARY}),
        by="bob",
    ),
    denied(
        "delete what is shared to read", lambda w: w.as_("bob").delete(shared_document(w)), by="bob"
    ),
    denied(
        "rename a shared collection",
        lambda w: w.as_("bob").patch(shared_collection(w), {"name": CANARY}),
        by="bob",
    ),
    denied(
        "delete a shared collection", lambda w: w.as_("bob").delete(shared_collection(w)), by="bob"
    ),
    denied(
        "files of the server",
        lambda w: w.as_("ada").post("/v1/ingestion/paths", {"path": f"/srv/{CANARY}"}),
    ),
    Event(
        "make a collection",
        "collection.create",
        lambda w: w.as_("ada").post("/v1/collections", {"name": CANARY, "description": CANARY}),
    ),
    Event(
        "rename a collection",
        "collection.update",
        lambda w: patch_collection(w, name=f"{CANARY} 2"),
    ),
    Event(
        "describe a collection",
        "collection.update",
        lambda w: patch_collection(w, description=CANARY),
    ),
    Event("share a collection", "collection.share", share_collection),
    Event("unshare a collection", "collection.unshare", unshare_collection),
    Event(
        "delete a collection",
        "collection.delete",
        lambda w: w.as_("ada").delete(f"/v1/collections/{w.collection.pk}"),
    ),
    Event(
        "restore a collection",
        "collection.update",
        lambda w: restored(w, w.collection, "/v1/collections"),
    ),
    service(
        "hide a collection",
        "collection.delete",
        lambda w: staff.hide_collections([w.collection], actor=w.root),
        by="root",
    ),
    service(
        "show a collection",
        "collection.update",
        lambda w: (
            w.collection.soft_delete(),
            staff.show_collections([w.collection], actor=w.root),
        ),
        by="root",
    ),
    Event("upload", "document.upload", upload),
    service("register a document", "document.upload", registered),
    Event("follow a website", "source.create", follow),
    Event(
        "change a source",
        "source.update",
        lambda w: w.as_("ada").patch(f"/v1/sources/{w.source.pk}", {"name": CANARY}),
    ),
    Event(
        "read a source now",
        "source.update",
        lambda w: w.as_("ada").post(f"/v1/sources/{w.source.pk}/sync", {}),
    ),
    Event(
        "follow a source no longer",
        "source.delete",
        lambda w: w.as_("ada").delete(f"/v1/sources/{w.source.pk}?documents=remove"),
    ),
    Event("rename a document", "document.update", lambda w: patch_document(w, title=f"{CANARY} 2")),
    Event("tag a document", "document.update", lambda w: patch_document(w, tags=[CANARY])),
    Event(
        "move a document",
        "document.update",
        lambda w: patch_document(w, collection_id=str(w.collection.pk)),
    ),
    Event(
        "share a document",
        "document.share",
        lambda w: patch_document(w, shares=[{"group_id": str(w.group.pk)}]),
    ),
    Event("unshare a document", "document.unshare", unshare_document),
    Event(
        "open an original",
        "document.access",
        original,
    ),
    Event(
        "delete a document",
        "document.delete",
        lambda w: w.as_("ada").delete(f"/v1/documents/{w.document.pk}"),
    ),
    Event(
        "restore a document", "document.restore", lambda w: restored(w, w.document, "/v1/documents")
    ),
    service(
        "hide a document",
        "document.delete",
        lambda w: staff.hide_documents([w.document], actor=w.root),
        by="root",
    ),
    service(
        "show a document",
        "document.restore",
        lambda w: (w.document.soft_delete(), staff.show_documents([w.document], actor=w.root)),
        by="root",
    ),
    service(
        "purge a document",
        "document.purge",
        lambda w: removal.purge_document(w.document),
        by="nobody",
    ),
    service(
        "purge a collection",
        "collection.purge",
        lambda w: removal.purge_collection(w.collection, actor=w.root),
        by="root",
    ),
    service(
        "prepare an embedding model",
        "admin.settings.update",
        lambda w: embedding_models.prepare_model(*configured_model(), actor=w.root),
        by="root",
    ),
    service(
        "ask an embedding model again",
        "admin.settings.update",
        lambda w: embedding_models.retry_model(vectors(w, active=False), actor=w.root),
        by="root",
    ),
    service(
        "activate an embedding model",
        "admin.settings.update",
        lambda w: embedding_models.activate_model(vectors(w, active=False), actor=w.root),
        by="root",
    ),
    service(
        "drop an embedding model",
        "admin.settings.update",
        lambda w: embedding_models.drop_model(vectors(w, active=False), actor=w.root),
        by="root",
    ),
    service(
        "add a model server",
        "admin.settings.update",
        lambda w: save_model_server(model_server(), key=CANARY, fields=["name"], actor=w.root),
        by="root",
    ),
    service(
        "remove a model server",
        "admin.settings.update",
        lambda w: delete_model_server(stored_server(), actor=w.root),
        by="root",
    ),
    Event(
        "begin a conversation",
        "chat.session.create",
        lambda w: w.as_("ada").post("/v1/sessions", {"title": CANARY}),
    ),
    service(
        "begin a conversation by asking",
        "chat.session.create",
        lambda w: chat.post_chat(text=CANARY, session=None, actor=w.ada),
    ),
    Event(
        "delete a conversation",
        "chat.session.delete",
        lambda w: w.as_("ada").delete(f"/v1/sessions/{w.session.pk}"),
    ),
    Event(
        "restore a conversation",
        "chat.session.restore",
        lambda w: restored(w, w.session, "/v1/sessions"),
    ),
    service(
        "purge a conversation",
        "chat.session.purge",
        lambda w: (w.session.soft_delete(), deletion.purge_sessions([w.session], actor=w.root)),
        by="root",
    ),
    service("call a tool", "tool.call", lambda w: w.call()),
    service("call a tool that fails", "tool.call", lambda w: w.call(error=CANARY), result="failed"),
    service(
        "call a tool that is forbidden", "tool.call", lambda w: w.call(denied=True), result="denied"
    ),
    service("call a tool and be killed", "tool.call", orphaned, result="failed"),
    Event("allow a call of a tool", "tool.approve", lambda w: decide(w, "allow")),
    Event("deny a call of a tool", "tool.approve", lambda w: decide(w, "deny")),
    Event(
        "add a tool server",
        "mcp_server.create",
        lambda w: w.as_("root").post(
            "/v1/mcp/servers", server_body(slug="crm", url="http://crm.lan/mcp")
        ),
        by="root",
    ),
    Event(
        "change a server's headers",
        "mcp_server.update",
        lambda w: patch_server(w, headers={"X-Key": CANARY}),
        by="root",
    ),
    Event(
        "rename a server",
        "mcp_server.update",
        lambda w: patch_server(w, title=f"{CANARY} 2"),
        by="root",
    ),
    Event(
        "switch a server off",
        "mcp_server.update",
        lambda w: patch_server(w, enabled=False),
        by="root",
    ),
    service("connect a tool server", "mcp_connection.create", connect),
    Event(
        "disconnect a tool server",
        "mcp_connection.delete",
        lambda w: w.as_("ada").delete(
            f"/v1/mcp/servers/{ConnectionFactory(user=w.ada).server_id}/connection"
        ),
    ),
    Event(
        "remove a server",
        "mcp_server.delete",
        lambda w: w.as_("root").delete(f"/v1/mcp/servers/{w.server.pk}"),
        by="root",
    ),
    Event(
        "change a policy", "tool.policy.change", lambda w: patch_tool(w, policy="ask"), by="root"
    ),
    Event(
        "switch a tool off", "tool.policy.change", lambda w: patch_tool(w, enabled=False), by="root"
    ),
    Event(
        "agree to a tool", "tool.approve", lambda w: patch_tool(w, approve_change=True), by="root"
    ),
    service(
        "be stricter with a group",
        "tool.policy.change",
        lambda w: mcp.set_group_policy(w.tool, w.group, policy="deny", actor=w.root),
        by="root",
    ),
    service(
        "be as strict as before",
        "tool.policy.change",
        lambda w: mcp.set_group_policy(w.tool, w.group, policy=None, actor=w.root),
        by="root",
    ),
    Event(
        "add a webhook",
        "webhook.create",
        lambda w: w.as_("root").post("/v1/webhooks", hook_body()),
        by="root",
    ),
    Event(
        "move a webhook",
        "webhook.update",
        lambda w: w.as_("root").patch(hook(), hook_body()),
        by="root",
    ),
    Event(
        "rotate a webhook's secret",
        "webhook.secret.rotate",
        lambda w: w.as_("root").post(f"{hook()}/rotate-secret"),
        by="root",
    ),
    Event(
        "pause a webhook",
        "webhook.pause",
        lambda w: w.as_("root").post(f"{hook()}/pause"),
        by="root",
    ),
    Event(
        "resume a webhook",
        "webhook.resume",
        lambda w: w.as_("root").post(f"{hook(state='failing')}/resume"),
        by="root",
    ),
    Event(
        "remove a webhook",
        "webhook.delete",
        lambda w: w.as_("root").delete(hook()),
        by="root",
    ),
    Event(
        "rename a tag",
        "admin.settings.update",
        lambda w: w.browser("root").post(
            f"/admin/documents/tag/{TagFactory().pk}/change/", {"name": CANARY}
        ),
        by="root",
        key=False,
    ),
    Event(
        "remove a tag",
        "admin.settings.update",
        lambda w: w.browser("root").post(
            f"/admin/documents/tag/{TagFactory().pk}/delete/", {"post": "yes"}
        ),
        by="root",
        key=False,
    ),
    Event(
        "read a conversation",
        "admin.read_private",
        lambda w: read_private(w, w.session),
        by="root",
        key=False,
    ),
    Event(
        "read a document",
        "admin.read_private",
        lambda w: read_private(w, w.document),
        by="root",
        key=False,
    ),
]
