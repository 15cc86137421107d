"""Tool servers, without their secrets, and what is said of their tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.enums import Transport
from mcp.models import Server
from mcp.services import create_openapi_server, create_server, update_server
from mcp.services.disconnecting import remove_all_connections
from mcp.services.servers import remove_server
from youworker.configuration.plan import Hidden
from youworker.configuration.secrets import Placeholders, SecretMissing
from youworker.configuration.tools import ToolsApplied, described_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from youworker.configuration import shapes
    from youworker.configuration.plan import Plan
    from youworker.configuration.reading import Path
    from youworker.configuration.secrets import Secrets

CHANGEABLE = ("title", "url", "base_url", "authorization", "scope", "enabled")
# Another program, or another document, is another server.
FIXED = ("transport", "argv", "document")
KINDS = ("headers", "env", "query")
ADDRESSES = ("url", "base_url")
# What there is to be said of each kind of server.
FIELDS = {
    Transport.HTTP: ("transport", "title", "url", "authorization", "scope", "enabled"),
    Transport.STDIO: ("transport", "title", "argv", "enabled"),
    Transport.OPENAPI: ("transport", "title", "url", "base_url", "document", "enabled"),
    Transport.INPROCESS: ("transport", "enabled"),
}


def export_tool_servers() -> dict[str, Any]:
    """All tool servers by their short names, with their tools."""
    given = Placeholders()
    return {
        row.slug: shown_server(row) | placeholders_of(row, given) | {"tools": described_tools(row)}
        for row in Server.objects.order_by("slug")
    }


def shown_server(row: Server) -> dict[str, Any]:
    """A server without the addresses in which a key may stand; what is left out stays."""
    said = described_server(row)
    return {name: value for name, value in said.items() if not may_hold_key(name, value)}


def may_hold_key(name: str, value: Any) -> bool:
    """Whether a field is an address with more than a place in it."""
    return name in ADDRESSES and any(sign in value for sign in "?@#")


def described_server(row: Server) -> dict[str, Any]:
    """A server as it stands in a file, without secrets and tools."""
    return {name: getattr(row, name) for name in FIELDS[Transport(row.transport)]}


def placeholders_of(row: Server, given: Placeholders) -> dict[str, Any]:
    """What stands in a file for the secrets of a server."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        names = sorted(row.secrets_called(kind))
        if names:
            found[kind] = {name: given.name("TOOL", row.slug, kind, name) for name in names}
    client = row.secrets_called("client")
    if client.get("id"):
        found["client"] = {"id": client["id"]}
        if client.get("secret"):
            found["client"]["secret"] = given.name("TOOL", row.slug, "CLIENT", "SECRET")
    return found


def unnamed_servers(wanted: Iterable[str]) -> list[Server]:
    """The servers that a file does not name, and that can be removed."""
    return list(Server.objects.filter(builtin=False).exclude(slug__in=list(wanted)))


def disconnect_unnamed(wanted: Iterable[str]) -> None:
    """Give back the tokens of users at servers that are to go; asks other servers."""
    for server in unnamed_servers(wanted):
        remove_all_connections(server, actor=None)


@dataclass(slots=True)
class ToolServersApplied:
    """Brings tool servers to what a file says; nothing is contacted."""

    plan: Plan
    secrets: Secrets

    def apply(self, wanted: Mapping[str, shapes.ToolServer]) -> None:
        """Add, change and, if that is wished, remove tool servers."""
        rows = {row.slug: row for row in Server.objects.all()}
        for slug, shape in wanted.items():
            path = ("tool_servers", slug)
            with self.plan.at(path):
                row = self.apply_one(path, shape, rows.get(slug))
                if row is not None and shape.tools:
                    ToolsApplied(self.plan, row).apply((*path, "tools"), shape.tools)
        for row in unnamed_servers(wanted) if self.plan.prune else ():
            self.plan.delete(("tool_servers", row.slug))
            remove_server(row, actor=None)

    def apply_one(self, path: Path, shape: shapes.ToolServer, row: Server | None) -> Server | None:
        """Bring one server to what the file says of it; none when it is left out."""
        kind = Transport(row.transport if row else shape.transport)
        if row is None and kind == Transport.INPROCESS:
            self.plan.leave_out(path, "this version has no such built-in server")
            return None
        self.refuse_foreign(path, shape, kind)
        after = shape.given(*FIELDS[kind])
        if row is None:
            after["transport"] = kind.value
        try:
            secrets = self.secrets_of(path, shape, row)
        except SecretMissing as missing:
            self.plan.leave_out(path, f"{missing}: the server is left out")
            return None
        before = None
        if row is not None:
            stored = {name: Hidden(row.secrets_called(name)) for name in (*KINDS, "client")}
            before = described_server(row) | stored
            self.refuse_fixed(path, before, after)
        hidden = {name: Hidden(value) for name, value in secrets.items()}
        changed = self.plan.compare(path, before, after | hidden)
        if row is None:
            return self.create(str(path[-1]), shape, secrets)
        if changed:
            changes: dict[str, Any] = {name: after[name] for name in changed & set(CHANGEABLE)}
            given: dict[str, Any] = {name: secrets[name] for name in changed & set(KINDS)}
            if "client" in changed:
                given |= client_arguments(secrets["client"])
            return update_server(row, actor=None, **changes, **given)
        return row

    def refuse_foreign(self, path: Path, shape: shapes.ToolServer, kind: Transport) -> None:
        """Raise `InvalidConfiguration` for what this kind of server does not have."""
        allowed = {*FIELDS[kind], "tools"}
        if kind != Transport.INPROCESS:
            allowed |= {"env"} if kind == Transport.STDIO else {"headers"}
        if kind == Transport.OPENAPI:
            allowed.add("query")
        if kind == Transport.HTTP:
            allowed.add("client")
        for name, value in shape.given().items():
            if value and name not in allowed:
                reason = f"a server of the kind {kind.value!r} has no such thing"
                raise self.plan.refusal((*path, name), reason)

    def refuse_fixed(self, path: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Raise `InvalidConfiguration` for a change that makes it another server."""
        for name in FIXED:
            if name in after and after[name] != before.get(name):
                reason = "this cannot be changed: delete the server first, or give it another name"
                raise self.plan.refusal((*path, name), reason)

    def secrets_of(
        self, path: Path, shape: shapes.ToolServer, row: Server | None
    ) -> dict[str, dict[str, str]]:
        """The secrets that the file names, by kind; raises `SecretMissing`."""
        found: dict[str, dict[str, str]] = {}
        for kind in KINDS:
            wanted = shape.given(kind).get(kind)
            if wanted is None or (row is None and not wanted):
                continue
            found[kind] = self.secrets.read_all(wanted, row.secrets_called(kind) if row else {})
            self.tell_unset((*path, kind), self.secrets.unset(wanted))
        if "client" in shape.model_fields_set and (row is not None or shape.client):
            found["client"] = self.client_of(path, shape.client, row)
        return found

    def client_of(
        self, path: Path, client: shapes.Client | None, row: Server | None
    ) -> dict[str, str]:
        """Who we are where users sign in, as it is stored."""
        stored = row.secrets_called("client") if row else {}
        if client is None:
            return {}
        wanted = {"secret": client.secret} if client.secret else {}
        secret = self.secrets.read_all(wanted, stored).get("secret", "")
        self.tell_unset((*path, "client"), self.secrets.unset(wanted))
        said = {"id": client.id, "secret": secret}
        # What else is known of the client, such as its issuer, is not ours to change.
        return stored if said.items() <= stored.items() else said

    def tell_unset(self, path: Path, names: list[str]) -> None:
        """Tell what is not set, and stays as it is stored."""
        for name in names:
            self.plan.leave_out(path, f"{name} is not set: what is stored stays")

    def create(
        self, slug: str, shape: shapes.ToolServer, secrets: Mapping[str, dict[str, str]]
    ) -> Server:
        """Add a server."""
        common: dict[str, Any] = {
            "title": shape.title,
            "url": shape.url,
            "headers": secrets.get("headers", {}),
            "enabled": shape.enabled,
            "actor": None,
        }
        if Transport(shape.transport) == Transport.OPENAPI:
            return create_openapi_server(
                slug,
                document=shape.document,
                base_url=shape.base_url,
                query=secrets.get("query", {}),
                **common,
            )
        client = client_arguments(secrets["client"]) if "client" in secrets else {}
        return create_server(
            slug,
            argv=shape.argv,
            env=secrets.get("env", {}),
            authorization=shape.authorization,
            scope=shape.scope,
            **client,
            **common,
        )


def client_arguments(client: Mapping[str, str]) -> dict[str, Any]:
    """A client as services take it; an empty one is forgotten."""
    return {"client_id": client.get("id", ""), "client_secret": client.get("secret", "")}
