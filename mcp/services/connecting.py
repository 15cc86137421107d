"""Signing in to tool servers."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.db import transaction

from mcp.enums import Authorization, ConnectionStatus, Transport
from mcp.exceptions import AuthorizationFailed, AuthorizationUnusable, TokenRefused
from mcp.models import ClientRegistration, Connection, Server
from mcp.services.endpoints import oauth
from youworker import audit
from youworker.core.exceptions import Conflict
from youworker.core.pending import PendingSignIns
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.sessions.backends.base import SessionBase

    from accounts.models import User
    from mcp.oauth.discovery import SignInPlace
    from mcp.oauth.exchange import Client
    from mcp.oauth.grants import Tokens

LONGEST_SCOPE = 1000
# What a server says that does not know us any more.
FORGOTTEN = ("invalid_client", "unauthorized_client")
OTHER_PLACE = (
    "The tool server names another place to sign in than before: staff have to set the client anew."
)
BEGUN_ELSEWHERE = "This sign-in was begun elsewhere or too long ago: begin again."


@dataclass(frozen=True, slots=True)
class PendingConnection:
    """What was asked of whom: the answer has to match, whatever it says itself."""

    user_id: str
    server_id: str
    server_url: str
    # The row of our registration there; empty where the operator set a client.
    registration_id: str
    verifier: str
    redirect_uri: str
    issuer: str
    names_itself: bool
    resource: str
    scope: str
    token_endpoint: str
    revocation_endpoint: str
    method: str
    begun_at: float


pending_connections: PendingSignIns[PendingConnection] = PendingSignIns(
    "tool_sign_ins", PendingConnection
)


def begin_connection(
    server: Server, *, session: SessionBase, redirect_uri: str, actor: User
) -> str:
    """Begin a sign-in at a tool server; where the browser goes.

    Raises `Conflict`, `AuthorizationUnusable` and `UpstreamUnavailable`.
    """
    if not signs_users_in(server):
        raise Conflict("Nobody signs in at this tool server.")
    with holding_nothing():
        place = async_to_sync(oauth().find_sign_in)(server.url, scope=server.scope)
    known = Connection.objects.visible_to(actor).filter(server=server).first()
    if known is not None and not server.scope:
        # What was granted before, and what a tool wanted beyond that.
        place = replace(place, scope=together(place.scope, known.scope))
    client, registration_id = client_at(server, place, redirect_uri)
    verifier, challenge = oauth().new_proof()
    begun = PendingConnection(
        user_id=str(actor.pk),
        server_id=str(server.pk),
        server_url=server.url,
        registration_id=registration_id,
        verifier=verifier,
        redirect_uri=redirect_uri,
        issuer=place.issuer,
        names_itself=place.names_itself,
        resource=place.resource,
        scope=place.scope,
        token_endpoint=place.token_endpoint,
        revocation_endpoint=place.revocation_endpoint,
        method=client.method,
        begun_at=time.time(),
    )
    state = pending_connections.keep(session, begun)
    url: str = oauth().authorization_url(
        place, client, redirect_uri=redirect_uri, state=state, challenge=challenge
    )
    return url


def together(scope: str, more: str) -> str:
    """Both scopes as one, as far as that can be stored."""
    words = " ".join(dict.fromkeys([*scope.split(), *more.split()]))
    return words if len(words) <= LONGEST_SCOPE else scope


def signs_users_in(server: Server) -> bool:
    """Whether each user signs in at this server."""
    return (
        server.enabled
        and server.transport == Transport.HTTP
        and server.authorization == Authorization.OAUTH
    )


def client_at(server: Server, place: SignInPlace, redirect_uri: str) -> tuple[Client, str]:
    """Who we are at an authorization server, and the id of the row that says so, if one does.

    The operator's client is used as it is; else we are registered once for each of our addresses.
    """
    if set_client := configured_client(server, place):
        return set_client, ""
    known = ClientRegistration.objects.filter(
        server=server, issuer=place.issuer, redirect_uri=redirect_uri
    ).first()
    if known is None:
        with holding_nothing():
            made = async_to_sync(oauth().register_client)(
                oauth().Asker(server.url), place, redirect_uri
            )
        known = store_registration(server, place.issuer, redirect_uri, made)
    return client_of(known.credentials), str(known.pk)


def configured_client(server: Server, place: SignInPlace) -> Client | None:
    """The client that the operator registered by hand.

    It belongs to the authorization server at which somebody signed in with it first: a tool server
    that names another one would have the secret sent there. Raises `AuthorizationUnusable`.
    """
    known = server.secrets_called("client")
    if not known.get("id"):
        return None
    if known.get("issuer", place.issuer) != place.issuer:
        raise AuthorizationUnusable(OTHER_PLACE)
    secret = known.get("secret", "")
    method = oauth().method_for(place.methods, has_secret=bool(secret))
    made: Client = oauth().Client(known["id"], secret, method)
    return made


def store_registration(
    server: Server, issuer: str, redirect_uri: str, client: Client
) -> ClientRegistration:
    """Keep a registration; the first one where two were made at once."""
    row = ClientRegistration(server=server, issuer=issuer, redirect_uri=redirect_uri)
    row.credentials = as_json(client)
    ClientRegistration.objects.bulk_create([row], ignore_conflicts=True)
    return ClientRegistration.objects.get(server=server, issuer=issuer, redirect_uri=redirect_uri)


def as_json(client: Client) -> dict[str, str]:
    """A client as it is stored."""
    return {"id": client.id, "secret": client.secret, "method": client.method}


def client_of(stored: Any) -> Client:
    """A stored client; raises `AuthorizationFailed` for one that cannot be decrypted."""
    if not isinstance(stored, dict):
        raise AuthorizationFailed("What is known about this sign-in cannot be decrypted.")
    made: Client = oauth().Client(**stored)
    return made


def finish_connection(
    session: SessionBase,
    *,
    state: str,
    code: str,
    error: str,
    issuer: str | None,
    actor: User,
) -> Connection:
    """Connect somebody who comes back from signing in.

    `issuer` is the name the answer gives, which is looked at before anything else in it. Raises
    `AuthorizationFailed` and `UpstreamUnavailable`.
    """
    begun = pending_connections.take(session, state)
    if begun is None or begun.user_id != str(actor.pk):
        raise AuthorizationFailed(BEGUN_ELSEWHERE)
    oauth().check_issuer(issuer, issuer=begun.issuer, names_itself=begun.names_itself)
    if error or not code:
        raise AuthorizationFailed("The sign-in was not finished there.")
    server = Server.objects.signing_in().filter(pk=begun.server_id).first()
    if server is None or server.url != begun.server_url:
        raise AuthorizationFailed("The tool server was changed meanwhile: begin again.")
    client, tokens = redeem_code(server, begun, code)
    row = Connection(
        user=actor,
        server=server,
        server_url=begun.server_url,
        resource=begun.resource,
        issuer=begun.issuer,
        token_endpoint=begun.token_endpoint,
        revocation_endpoint=begun.revocation_endpoint,
        scope=tokens.scope or begun.scope,
        expires_at=tokens.expires_at,
    )
    row.tokens = {"access": tokens.access, "refresh": tokens.refresh}
    row.client = as_json(client)
    store_connection(row, binds_client=not begun.registration_id, actor=actor)
    return row


def redeem_code(server: Server, begun: PendingConnection, code: str) -> tuple[Client, Tokens]:
    """Exchange a code as the client that asked for it; raises what `finish_connection` does."""
    client = client_for_code(server, begun)
    try:
        with holding_nothing():
            tokens = async_to_sync(oauth().request_tokens)(
                oauth().Asker(server.url),
                begun.token_endpoint,
                client,
                resource=begun.resource,
                grant_type="authorization_code",
                code=code,
                redirect_uri=begun.redirect_uri,
                code_verifier=begun.verifier,
            )
    except TokenRefused as error:
        if begun.registration_id and error.details.get("code") in FORGOTTEN:
            # The next sign-in introduces us anew.
            ClientRegistration.objects.filter(pk=begun.registration_id).delete()
        raise
    return client, tokens


def client_for_code(server: Server, begun: PendingConnection) -> Client:
    """The client that asked for a code; raises `AuthorizationFailed` when it is no more."""
    if not begun.registration_id:
        known = server.secrets_called("client")
        if not known.get("id") or known.get("issuer", begun.issuer) != begun.issuer:
            raise AuthorizationFailed(BEGUN_ELSEWHERE)
        made: Client = oauth().Client(known["id"], known.get("secret", ""), begun.method)
        return made
    row = ClientRegistration.objects.filter(pk=begun.registration_id, server=server).first()
    if row is None:
        raise AuthorizationFailed(BEGUN_ELSEWHERE)
    return client_of(row.credentials)


@transaction.atomic
def store_connection(row: Connection, *, binds_client: bool, actor: User) -> None:
    """Keep a sign-in in place of an earlier one of the same user."""
    server = Server.objects.select_for_update().get(pk=row.server_id)
    client = server.secrets_called("client")
    if binds_client and client.get("id") == row.client["id"] and "issuer" not in client:
        server.secrets = {**server.secrets, "client": {**client, "issuer": row.issuer}}
        server.save_fields("secrets")
    Connection.objects.filter(user=row.user, server=row.server).delete()
    row.save(force_insert=True)
    audit.record("mcp_connection.create", actor=actor, target=row, server=row.server.slug)


def connection_states(user: User) -> list[dict[str, Any]]:
    """Every tool server at which the user can sign in, and how that stands. Two queries."""
    known: dict[UUID, Connection] = {
        row.server_id: row for row in Connection.objects.visible_to(user)
    }
    return [
        state_of(server, known.get(server.pk)) for server in Server.objects.signing_in().by_slug()
    ]


def state_of(server: Server, row: Connection | None) -> dict[str, Any]:
    """How one user stands with one server; nothing of it opens anything."""
    holds = row is not None and holds_for(row, server)
    return {
        "server_id": server.pk,
        "server": server.slug,
        "title": server.title,
        "status": ConnectionStatus.CONNECTED if holds else ConnectionStatus.SIGN_IN_NEEDED,
        "issuer": row.issuer if row else "",
        "scope": row.scope if row else "",
        "connected_at": row.created_at if row else None,
        "expires_at": row.expires_at if row and not row.secret_called("refresh") else None,
    }


def holds_for(row: Connection, server: Server) -> bool:
    """Whether the tokens are good for the server as it is declared now."""
    return row.status == ConnectionStatus.CONNECTED and row.server_url == server.url
