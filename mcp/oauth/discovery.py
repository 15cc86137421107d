"""Finding out who signs people in for a tool server: RFC 9728, then RFC 8414."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import httpx2
import orjson
from pydantic import BaseModel, ValidationError

from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    extract_field_from_www_auth,
    get_client_metadata_scopes,
    issuers_match,
)
from mcp.exceptions import AuthorizationUnusable
from mcp.negotiation import US
from mcp.oauth.exchange import Asker
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata
from mcp.shared.auth_utils import check_resource_allowed, resource_url_from_server_url
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable

DocumentT = TypeVar("DocumentT", bound=BaseModel)

FOUND, UNAUTHORIZED = 200, 401
LONGEST_SCOPE = 1000
# What a server answers to this says where to sign in.
HELLO = orjson.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": US.name, "version": US.version},
        },
    }
)
ASKING = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """Where users of one tool server sign in, and for what."""

    issuer: str
    resource: str
    scope: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str
    revocation_endpoint: str
    methods: tuple[str, ...]
    # Whether it promised to name itself when a browser comes back.
    names_itself: bool


async def find_sign_in(server_url: str, *, scope: str = "") -> SignInPlace:
    """Where one signs in for a server; raises `AuthorizationUnusable` and `UpstreamUnavailable`.

    `scope` is what the operator wants instead of what the server asks for.
    """
    asker = Asker(server_url)
    challenge = await read_challenge(asker)
    named = extract_field_from_www_auth(challenge, "resource_metadata")
    resource = await read_resource(asker, named)
    if resource is not None and resource.authorization_servers:
        issuer = str(resource.authorization_servers[0])
    else:
        # As before RFC 9728: the server signs people in itself.
        parts = urlsplit(server_url)
        issuer = f"{parts.scheme}://{parts.netloc}"
    metadata = await read_metadata(asker, issuer)
    asked = extract_field_from_www_auth(challenge, "scope")
    wanted = scope or get_client_metadata_scopes(
        asked, resource, metadata, ["authorization_code", "refresh_token"]
    )
    return SignInPlace(
        issuer=asker.check(metadata.issuer),
        resource=resource_of(server_url, resource),
        scope=(wanted or "")[:LONGEST_SCOPE],
        authorization_endpoint=asker.check(metadata.authorization_endpoint),
        token_endpoint=asker.check(metadata.token_endpoint),
        registration_endpoint=checked_or_none(asker, metadata.registration_endpoint),
        revocation_endpoint=checked_or_none(asker, metadata.revocation_endpoint),
        methods=tuple(metadata.token_endpoint_auth_methods_supported or ()),
        names_itself=bool(metadata.authorization_response_iss_parameter_supported),
    )


async def read_challenge(asker: Asker) -> httpx2.Response:
    """The refusal of a server that nobody signed in to, as far as it sent one."""
    try:
        answer = await asker.fetch(asker.server_url, method="POST", headers=ASKING, content=HELLO)
    except DomainError:
        # A stream that does not end is no refusal; where it is silent, the next request says so.
        return httpx2.Response(UNAUTHORIZED)
    told = answer.headers.get("www-authenticate", "") if answer.status == UNAUTHORIZED else ""
    return httpx2.Response(UNAUTHORIZED, headers={"www-authenticate": told} if told else {})


async def read_resource(asker: Asker, named: str | None) -> ProtectedResourceMetadata | None:
    """What the server publishes about itself; None when it publishes nothing.

    Raises `AuthorizationUnusable` when that is about another server.
    """
    addresses = build_protected_resource_metadata_discovery_urls(named, asker.server_url)
    found = await read_first_document(asker, addresses, ProtectedResourceMetadata)
    if found is None:
        return None
    wanted = resource_url_from_server_url(asker.server_url)
    if not check_resource_allowed(
        requested_resource=wanted, configured_resource=str(found.resource)
    ):
        raise AuthorizationUnusable("The tool server describes another resource than itself.")
    return found


def resource_of(server_url: str, found: ProtectedResourceMetadata | None) -> str:
    """What the tokens are asked for, and only good for (RFC 8707)."""
    if found is not None:
        return str(found.resource)
    return resource_url_from_server_url(server_url)


async def read_metadata(asker: Asker, issuer: str) -> OAuthMetadata:
    """What an authorization server publishes about itself; raises `AuthorizationUnusable`."""
    addresses = build_oauth_authorization_server_metadata_discovery_urls(issuer, asker.server_url)
    found = await read_first_document(asker, addresses, OAuthMetadata)
    if found is None:
        raise AuthorizationUnusable("The tool server does not say where one signs in.")
    if not issuers_match(str(found.issuer), issuer):
        raise AuthorizationUnusable("The authorization server calls itself by another name.")
    if "S256" not in (found.code_challenge_methods_supported or ()):
        raise AuthorizationUnusable("The authorization server does not offer PKCE with S256.")
    return found


async def read_first_document(
    asker: Asker, addresses: Iterable[str], kind: type[DocumentT]
) -> DocumentT | None:
    """The first of several addresses that has such a document; raises when none answers at all."""
    failure: DomainError | None = None
    silent = True
    for address in addresses:
        try:
            answer = await asker.fetch(address, headers={"accept": "application/json"})
        except DomainError as error:
            failure = failure or error
            continue
        silent = False
        if answer.status != FOUND:
            continue
        try:
            return kind.model_validate_json(answer.body)
        except ValidationError:
            continue
    if silent and failure is not None:
        raise failure
    return None


def checked_or_none(asker: Asker, address: object) -> str:
    """A checked address; empty for none."""
    return asker.check(address) if address else ""
