"""Registering, asking for codes, and what codes and refresh tokens are exchanged for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode, urlsplit

import httpx2
import orjson
from pydantic import AnyUrl

from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.oauth2 import PKCEParameters, check_registration_usable
from mcp.exceptions import AuthorizationFailed, AuthorizationUnusable, TokenRefused
from mcp.oauth.exchange import Asker, Client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from youworker.core.exceptions import UpstreamUnavailable

if TYPE_CHECKING:
    from mcp.oauth.discovery import SignInPlace
    from youworker.upstream.fetcher import Fetched

Method = Literal["client_secret_basic", "client_secret_post", "none"]
# Prefers what servers with a secret do; RFC 8414 means the first where nothing is said.
METHODS: tuple[Method, ...] = ("client_secret_basic", "client_secret_post", "none")
# RFC 6750, section 2.1: what a token may be made of; and it stands in a header.
TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
ERROR_CODE = re.compile(r"[a-z_]{1,40}")
LONGEST_CLIENT = 500
LONGEST_SCOPE = 1000
LONGEST_LIFE = timedelta(days=3650)
# Status that says: not with these credentials.
REFUSED = (400, 401, 403)
OK, CREATED, BROKEN = 200, 201, 500


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an authorization server handed out."""

    access: str
    refresh: str
    scope: str
    expires_at: datetime | None


def new_proof() -> tuple[str, str]:
    """The proof of RFC 7636 that whoever redeems a code asked for it, and what is shown of it."""
    made = PKCEParameters.generate()
    return made.code_verifier, made.code_challenge


async def register_client(asker: Asker, place: SignInPlace, redirect_uri: str) -> Client:
    """Introduce ourselves (RFC 7591); raises `AuthorizationUnusable` and `UpstreamUnavailable`."""
    if not place.registration_endpoint:
        raise AuthorizationUnusable(
            "The authorization server registers nobody by itself: it needs a client id."
        )
    wish = OAuthClientMetadata(
        redirect_uris=[AnyUrl(redirect_uri)],
        client_name="YouWorker",
        token_endpoint_auth_method=method_for(place.methods),
        application_type="web",
        scope=place.scope or None,
    )
    body = wish.model_dump(by_alias=True, mode="json", exclude_none=True)
    body["redirect_uris"] = [redirect_uri]
    answer = await asker.post_json(place.registration_endpoint, body)
    require_service(answer)
    try:
        if answer.status not in (OK, CREATED):
            raise ValueError(answer.status)  # noqa: TRY301 -- told below
        given = OAuthClientInformationFull.model_validate_json(answer.body)
        check_registration_usable(given)
    except (ValueError, OAuthFlowError) as error:
        raise AuthorizationUnusable("The authorization server did not register us.") from error
    echoed = redirects_in(answer.body)
    if echoed and redirect_uri not in echoed:
        raise AuthorizationUnusable("The authorization server registered another address of ours.")
    method = given.token_endpoint_auth_method or (METHODS[0] if given.client_secret else "none")
    return checked_client(given.client_id, given.client_secret or "", method)


def redirects_in(body: bytes) -> list[Any]:
    """The addresses that were registered, letter by letter; none when nothing is said."""
    given = orjson.loads(body).get("redirect_uris")
    return given if isinstance(given, list) else []


def checked_client(name: str, secret: str, method: str) -> Client:
    """A client that can be stored and sent."""
    if max(len(name), len(secret)) > LONGEST_CLIENT or not name.isprintable():
        raise AuthorizationUnusable("The authorization server did not register us.")
    return Client(name, secret, method)


def method_for(offered: tuple[str, ...], *, has_secret: bool = True) -> Method:
    """How we prove who we are, of what is offered."""
    if not has_secret:
        return "none"
    return next((each for each in METHODS if each in offered), METHODS[0])


def authorization_url(
    place: SignInPlace, client: Client, *, redirect_uri: str, state: str, challenge: str
) -> str:
    """Where a browser goes to sign in."""
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "resource": place.resource,
    }
    if place.scope:
        asked["scope"] = place.scope
    if "offline_access" in place.scope.split():
        asked["prompt"] = "consent"
    # The endpoint's own parameters stay, but cannot say the same in other words.
    url = httpx2.URL(place.authorization_endpoint)
    kept = [(name, value) for name, value in url.params.multi_items() if name not in asked]
    bare = place.authorization_endpoint.partition("?")[0]
    return f"{bare}?{urlencode([*kept, *asked.items()])}"


def check_issuer(said: str | None, *, issuer: str, names_itself: bool) -> None:
    """Raise `AuthorizationFailed` when another server sent the browser back (RFC 9207)."""
    if said is None and not names_itself:
        return
    if said != issuer:
        raise AuthorizationFailed("Another server answered than the one that was asked.")


async def request_tokens(
    asker: Asker, endpoint: str, client: Client, *, resource: str, **form: str
) -> Tokens:
    """Exchange a code or a refresh token; raises `TokenRefused` and `UpstreamUnavailable`."""
    answer = await asker.post_form(endpoint, {**form, "resource": resource}, client)
    require_service(answer)
    if answer.status in REFUSED:
        raise TokenRefused("The authorization server refused: %(code)s.", code=code_in(answer))
    try:
        if answer.status != OK:
            raise ValueError(answer.status)  # noqa: TRY301 -- told below
        given = OAuthToken.model_validate_json(answer.body)
    except ValueError as error:
        raise AuthorizationUnusable("The authorization server's answer is no token.") from error
    return checked_tokens(given)


def checked_tokens(given: OAuthToken) -> Tokens:
    """Tokens that can be stored and sent; raises `AuthorizationUnusable`."""
    refresh = given.refresh_token or ""
    if not TOKEN.fullmatch(given.access_token) or (refresh and not TOKEN.fullmatch(refresh)):
        raise AuthorizationUnusable("The authorization server's answer is no token.")
    expires_at = None
    if given.expires_in is not None:
        seconds = min(max(given.expires_in, 0), int(LONGEST_LIFE.total_seconds()))
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    scope = (given.scope or "")[:LONGEST_SCOPE]
    return Tokens(given.access_token, refresh, scope if scope.isprintable() else "", expires_at)


async def revoke_token(
    asker: Asker, endpoint: str, client: Client, token: str, *, kind: str
) -> None:
    """Give a token back (RFC 7009); raises `DomainError` when that is not taken."""
    answer = await asker.post_form(endpoint, {"token": token, "token_type_hint": kind}, client)
    if answer.status != OK:
        raise UpstreamUnavailable(
            "%(host)s answered %(status)s.",
            host=urlsplit(endpoint).hostname or "",
            status=answer.status,
        )


def require_service(answer: Fetched) -> None:
    """Raise `UpstreamUnavailable` for a status that says that the server is out of order."""
    if answer.status >= BROKEN:
        raise UpstreamUnavailable("The authorization server does not work now; try again later.")


def code_in(answer: Fetched) -> str:
    """Why a request was refused, in the protocol's own word."""
    try:
        said = orjson.loads(answer.body).get("error")
    except (ValueError, AttributeError):
        said = None
    return said if isinstance(said, str) and ERROR_CODE.fullmatch(said) else str(answer.status)
