"""Declaring, changing and removing tool servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from mcp.enums import Authorization, Protocol, Transport
from mcp.exceptions import ServerSlugExists
from mcp.models import Server
from mcp.services.disconnecting import remove_all_connections
from youworker import audit
from youworker.core.exceptions import Conflict, Forbidden, InvalidInput, TooLarge
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import User

PLAIN_FIELDS = ("title", "url", "base_url", "enabled", "authorization", "scope")
BY_URL = (Transport.HTTP, Transport.OPENAPI)
LARGEST_DOCUMENT = 8 * 1024 * 1024


@transaction.atomic
def create_server(
    slug: str,
    *,
    title: str = "",
    url: str = "",
    argv: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    authorization: str = Authorization.SHARED,
    client_id: str = "",
    client_secret: str = "",
    scope: str = "",
    enabled: bool = True,
    actor: User | None,
) -> Server:
    """Declare a server at a URL, or a program: the latter is for operators at the console.

    Nothing is contacted. `actor` is None for the console, else staff. `client_id` is what the
    operator registered where users sign in; without it we register ourselves.
    """
    require_staff(actor)
    if bool(url) == bool(argv):
        raise InvalidInput("A tool server has either a URL or a program.", attr="url")
    if argv and actor is not None:
        raise Forbidden("Programs are declared at the console of the machine.")
    server = Server(
        slug=slug,
        title=title or slug,
        transport=Transport.STDIO if argv else Transport.HTTP,
        url=url,
        argv=list(argv),
        enabled=enabled,
        authorization=authorization,
        scope=scope,
    )
    server.secrets = {"headers": dict(headers or {}), "env": dict(env or {})}
    if client_id:
        server.secrets["client"] = {"id": client_id, "secret": client_secret}
    require_url_for_sign_in(server)
    return insert_server(server, actor=actor)


@transaction.atomic
def create_openapi_server(
    slug: str,
    *,
    title: str = "",
    url: str = "",
    document: str = "",
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    enabled: bool = True,
    actor: User | None,
) -> Server:
    """Declare an API whose OpenAPI document is at a URL, or is given with the API's address.

    Nothing is contacted. `headers` and `query` are secrets that each of its requests carries.
    """
    require_staff(actor)
    if bool(url) == bool(document):
        raise InvalidInput("An API has the address of its document, or the document.", attr="url")
    if document and not base_url:
        raise InvalidInput("Say where the API is.", attr="base_url")
    if len(document.encode()) > LARGEST_DOCUMENT:
        raise TooLarge("The document is larger than %(most)s bytes.", most=LARGEST_DOCUMENT)
    server = Server(
        slug=slug,
        title=title or slug,
        transport=Transport.OPENAPI,
        url=url,
        base_url=base_url,
        document=storable_text(document),
        enabled=enabled,
    )
    server.secrets = {"headers": dict(headers or {}), "query": dict(query or {})}
    return insert_server(server, actor=actor)


def insert_server(server: Server, *, actor: User | None) -> Server:
    """Store a new server; raises `InvalidInput` and `ServerSlugExists`."""
    slug = server.slug
    checked(server)
    if not Server.objects.bulk_create([server], ignore_conflicts=True) or not stored(server):
        raise ServerSlugExists("There is a tool server %(server)r already.", server=slug)
    audit.record("mcp_server.create", actor=actor, target=server, transport=server.transport)
    return server


def require_url_for_sign_in(server: Server) -> None:
    """Raise `InvalidInput` for a program at which users should sign in."""
    if server.authorization == Authorization.OAUTH and server.transport != Transport.HTTP:
        raise InvalidInput("Users sign in only at servers with a URL.", attr="authorization")


def stored(server: Server) -> bool:
    """Whether this very row won the name."""
    return Server.objects.filter(pk=server.pk).exists()


def checked(server: Server) -> None:
    """Raise `InvalidInput` for a value the row may not have."""
    try:
        server.clean_fields(exclude=["secrets"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(messages[0], attr=name) from error


@transaction.atomic
def update_server(
    server: Server,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    client_id: str | None = None,
    client_secret: str = "",
    actor: User | None,
    **changes: Any,
) -> Server:
    """Change title, addresses, secrets, the sign-in or the switch.

    Headers and parameters are replaced as a whole, and so is the client; an empty `client_id`
    forgets it. What a program finds in its environment is for operators at the console.
    """
    require_staff(actor)
    if env is not None and actor is not None:
        raise Forbidden("Programs are declared at the console of the machine.")
    row = Server.objects.select_for_update().get(pk=server.pk)
    if "url" in changes and row.transport not in BY_URL:
        raise InvalidInput("This server is not reached by a URL.", attr="url")
    if row.transport != Transport.OPENAPI and (changes.get("base_url") or query):
        raise InvalidInput("This server is not described by a document.", attr="base_url")
    reached = reach_of(row)
    for name in PLAIN_FIELDS:
        if name in changes:
            setattr(row, name, changes[name])
    if reach_of(row) != reached:
        row.tools.all().end_consent()
    if row.url != reached[0]:
        # Whatever stands at another address is another server.
        row.protocol = Protocol.UNKNOWN
    client = {"id": client_id, "secret": client_secret} if client_id else {}
    given = {"headers": headers, "query": query, "env": env}
    given["client"] = None if client_id is None else client
    replaced = {kind: dict(each) for kind, each in given.items() if each is not None}
    if replaced:
        row.secrets = {**opened_secrets(row), **replaced}
    require_url_for_sign_in(row)
    checked(row)
    row.save_fields(*PLAIN_FIELDS, "protocol", "secrets")
    named = sorted({*changes, *replaced})
    audit.record("mcp_server.update", actor=actor, target=row, fields=named)
    return row


def reach_of(row: Server) -> tuple[str, str, bool, str]:
    """Where a server is, whether it is asked, and in whose name: consent is given to all of it."""
    return row.url, row.base_url, row.enabled, row.authorization


def opened_secrets(row: Server) -> dict[str, Any]:
    """The secrets of a server; none when they cannot be decrypted."""
    return dict(row.secrets) if isinstance(row.secrets, dict) else {}


def delete_server(server: Server, *, actor: User | None) -> None:
    """Remove a server and its tools; what was called before stays on record elsewhere.

    Its users' tokens are given back, as long as whoever handed them out answers.
    """
    require_staff(actor)
    if server.builtin:
        raise Conflict("Built-in servers can be switched off, not removed.")
    remove_all_connections(server, actor=actor)
    remove_server(server, actor=actor)


@transaction.atomic
def remove_server(server: Server, *, actor: User | None) -> None:
    """Remove the row with what hangs on it."""
    audit.record("mcp_server.delete", actor=actor, target=server, slug=server.slug)
    server.delete()


def require_staff(actor: User | None) -> None:
    """Raise `Forbidden` for anybody but staff and the console (None)."""
    if actor is not None and not actor.is_staff:
        raise Forbidden("Tool servers and tools are managed by staff.")
