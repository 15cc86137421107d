"""The people and things of the matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rest_framework.test import APIClient

from accounts.enums import Scope
from accounts.models import DataExport
from accounts.services import create_api_key
from accounts.tests.factories import SignInFactory, UserFactory
from chat.tests.attachment_support import attached_image
from chat.tests.factories import (
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolGrantFactory,
    ToolRunFactory,
)
from documents.enums import Access
from documents.models import CollectionShare
from documents.tests.factories import CollectionFactory, DocumentFactory, keep_older, write
from groups import services as groups
from groups.enums import Role
from groups.models import Membership
from groups.tests.factories import GroupFactory, MembershipFactory
from ingestion.tests.factories import ItemFactory, SourceFactory
from ingestion.tests.factories import RunFactory as IngestionRunFactory
from mcp.tests.factories import ConnectionFactory, ServerFactory, ToolFactory
from youworker.webhooks.services import send_test
from youworker.webhooks.tests.receivers import endpoint_at

if TYPE_CHECKING:
    from accounts.models import ApiKey

KEYS = tuple(f"key:{scope}" for scope in Scope.values)
PEOPLE = ("owner", "member", "group_admin", "stranger", "staff", "root")
ROLES = ("anonymous", "deactivated", *PEOPLE, *KEYS, "staff_key:admin")


class World:
    """One owner with one of everything, shared for reading with a group.

    The owner and `member` are plain members of that group, `group_admin` manages it.
    """

    def __init__(self) -> None:
        self.owner = UserFactory(username="owner")
        self.member = UserFactory(username="member")
        self.group_admin = UserFactory(username="group_admin")
        self.stranger = UserFactory(username="stranger")
        self.staff = UserFactory(username="staff", is_staff=True)
        self.root = UserFactory(username="root", is_staff=True, is_superuser=True)
        self.deactivated = UserFactory(username="deactivated")
        self.group = GroupFactory(name="Readers")
        for user, role in (
            (self.owner, Role.MEMBER),
            (self.member, Role.MEMBER),
            (self.group_admin, Role.ADMIN),
        ):
            MembershipFactory(group=self.group, user=user, role=role)

    @cached_property
    def membership(self) -> Any:
        """That of `member`."""
        return Membership.objects.get(group=self.group, user=self.member)

    @cached_property
    def former(self) -> Any:
        """Somebody who left the company."""
        return UserFactory(is_active=False)

    @cached_property
    def deleted_group(self) -> Any:
        """A group of the same people that was deleted."""
        made = GroupFactory(name="Former readers")
        for user, role in ((self.owner, Role.MEMBER), (self.member, Role.MEMBER)):
            MembershipFactory(group=made, user=user, role=role)
        MembershipFactory(group=made, user=self.group_admin, role=Role.ADMIN)
        made.soft_delete()
        return made

    @cached_property
    def service_account(self) -> Any:
        """A program's user of the group."""
        return groups.create_service_account(self.group, name="Robot", actor=self.group_admin)

    @cached_property
    def service_key(self) -> ApiKey:
        """A key of it."""
        return groups.create_service_key(
            self.service_account, name="nightly", scopes=["chat"], actor=self.group_admin
        )[0]

    @cached_property
    def collection(self) -> Any:
        """Shared with the group."""
        made = CollectionFactory(owner=self.owner, name="Handbook")
        CollectionShare.objects.create(collection=made, group=self.group, access=Access.READ)
        return made

    @cached_property
    def document(self) -> Any:
        """In the shared collection, with a passage to find."""
        made = DocumentFactory(owner=self.owner, collection=self.collection, title="Leave")
        write(made, "Everybody has thirty days of leave.")
        return made

    @cached_property
    def versioned(self) -> Any:
        """Another one there, with an older version: number 1."""
        made = DocumentFactory(owner=self.owner, collection=self.collection, title="Notice")
        write(made, "Notice is given a month before.")
        keep_older(made)
        return made

    @cached_property
    def session(self) -> Any:
        """A conversation of the owner's."""
        return SessionFactory(user=self.owner)

    @cached_property
    def deleted_session(self) -> Any:
        """Another one, which the owner deleted."""
        made = SessionFactory(user=self.owner)
        made.soft_delete()
        return made

    @cached_property
    def message(self) -> Any:
        """A question of the owner's."""
        return MessageFactory(session=self.session)

    @cached_property
    def attachment(self) -> Any:
        """An image that came with that question."""
        return attached_image(self.message)

    @cached_property
    def run(self) -> Any:
        """A finished answer of the owner's."""
        return RunFactory(session=self.session)

    @cached_property
    def tool_grant(self) -> Any:
        """A tool the owner is not asked about."""
        return ToolGrantFactory(user=self.owner)

    @cached_property
    def connected_server(self) -> Any:
        """A tool server at which the owner has signed in."""
        return ConnectionFactory(user=self.owner).server

    @cached_property
    def tool_run(self) -> Any:
        """A call that run made."""
        return ToolRunFactory(session=self.session, run=self.run)

    @cached_property
    def answer(self) -> Any:
        """What that run said."""
        return self.run.answer

    @cached_property
    def ingestion(self) -> Any:
        """A run of files of the owner's."""
        return IngestionRunFactory(owner=self.owner)

    @cached_property
    def item(self) -> Any:
        """A file of that run."""
        return ItemFactory(run=self.ingestion)

    @cached_property
    def source(self) -> Any:
        """A website that the owner's collection follows."""
        return SourceFactory(owner=self.owner)

    @cached_property
    def export(self) -> Any:
        """A copy of the owner's data that is still to be made."""
        return DataExport.objects.create(user=self.owner)

    @cached_property
    def sign_in(self) -> Any:
        """A session of the owner's, none of those that ask."""
        return SignInFactory(user=self.owner)

    @cached_property
    def key(self) -> ApiKey:
        """A key of the owner's, none of those that are asked with."""
        return create_api_key(self.owner, name="kept", scopes=["account"], actor=self.owner)[0]

    @cached_property
    def server(self) -> Any:
        """A tool server."""
        return ServerFactory()

    @cached_property
    def tool(self) -> Any:
        """A tool of it."""
        return ToolFactory(server=self.server)

    @cached_property
    def webhook(self) -> Any:
        """Told of one action that never happens here."""
        return endpoint_at("https://hook.invalid/", actions=["backup.restore"])

    @cached_property
    def webhook_delivery(self) -> Any:
        """Something that was sent there."""
        return send_test(self.webhook, actor=self.root)

    @staticmethod
    def session_of(user: Any) -> Any:
        """A conversation of anybody's."""
        return SessionFactory(user=user)

    def client(self, role: str) -> APIClient:
        """A client with the real credentials of a role."""
        if role == "anonymous":
            return APIClient(raise_request_exception=False)
        if role == "deactivated":
            client = APIClient(raise_request_exception=False)
            client.force_login(self.deactivated)
            type(self.deactivated).objects.filter(pk=self.deactivated.pk).update(is_active=False)
            return client
        if ":" in role:
            headers = {"Authorization": f"Bearer {self.secret(role)}"}
            return APIClient(raise_request_exception=False, headers=headers)
        client = APIClient(raise_request_exception=False)
        client.force_login(getattr(self, role))
        return client

    def secret(self, role: str) -> str:
        """The secret of a key with one scope."""
        holder, _, scope = role.partition(":")
        user = self.staff if holder == "staff_key" else self.owner
        # An owner who was staff once may still hold a key with the scope admin.
        return held_key(user, scope)


def held_key(user: Any, scope: str) -> str:
    """A key as it may stand in the database, whatever the user may have today."""
    was_staff, user.is_staff = user.is_staff, True
    _key, secret = create_api_key(user, name=f"only {scope}", scopes=[scope], actor=user)
    user.is_staff = was_staff
    return secret


@dataclass(frozen=True)
class Row:
    """One route and method: who gets in, and how it is called.

    `ok` is the status of whoever gets in. `scope` is what a key needs; without one, keys are
    refused. `thing` names the attribute of the world whose id stands in the path.
    """

    method: str
    path: str
    access: str
    scope: str | None = None
    ok: int = 200
    thing: str = ""
    body: dict[str, Any] | None = None
    things: dict[str, str] = field(default_factory=dict)
    # Where only a session counts, a key is as good as nothing.
    refused_key: int = 403
    # A page for people: forms are posted to it, and keys are nothing there.
    is_page: bool = False

    @property
    def name(self) -> str:
        """How the row is called in reports."""
        return f"{self.method} {self.path}"
