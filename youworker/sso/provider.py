"""The OpenID Connect provider: where it is, and what it answers.

authlib speaks the protocol, over our own client with its limits. The provider is reached
directly, at private addresses as well: where it is, is the operator's word.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx2
import orjson
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.discovery import get_well_known_url

from youworker.core.config import config
from youworker.core.exceptions import UpstreamUnavailable
from youworker.core.pending import PendingSignIns
from youworker.sso.claims import without_slash
from youworker.sso.id_token import verify_id_token, verify_userinfo
from youworker.upstream.egress import find_named_addresses
from youworker.upstream.fetcher import Limits, fetch_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authlib.oauth2.auth import ClientAuth
    from django.contrib.sessions.backends.base import SessionBase

    from youworker.upstream.fetcher import Fetched

    Claims = dict[str, Any]

logger = logging.getLogger(__name__)

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# A person waits; documents and tokens have some kilobytes.
READING = Limits(max_bytes=1024 * 1024, seconds=10.0, hops=3)
# What is posted holds our secret, so it goes nowhere else.
POSTING = Limits(max_bytes=1024 * 1024, seconds=10.0, hops=0)

# For what an access token is no good: a scope it lacks, or another server's page.
REFUSALS = {400, 401, 403, 404, 405, 406, 410}


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What only the browser that began a sign-in has, and what its answer has to match."""

    nonce: str
    # The proof of RFC 7636 that whoever redeems the code asked for it.
    verifier: str
    next_url: str
    begun_at: float


sign_ins: PendingSignIns[PendingSignIn] = PendingSignIns("oidc_sign_ins", PendingSignIn)


def begin_sign_in(session: SessionBase, *, next_url: str) -> tuple[str, PendingSignIn]:
    """Remember a new sign-in; its state, which nobody can guess, and the rest."""
    pending = PendingSignIn(
        nonce=secrets.token_urlsafe(32),
        # 64 characters, of which 43 to 128 are allowed.
        verifier=secrets.token_urlsafe(48),
        next_url=next_url,
        begun_at=time.time(),
    )
    return sign_ins.keep(session, pending), pending


class UnusableAnswer(Exception):
    """The provider answered, and the answer is of no use."""


class Provider:
    """The provider of the settings, for one request.

    Nothing is kept from one sign-in to the next: new keys count at once, and so do withdrawn ones.
    """

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    @cached_property
    def metadata(self) -> Claims:
        """What the provider publishes about itself; raises `UnusableAnswer`."""
        issuer = config.identity.oidc_issuer
        published = read_json(get_well_known_url(issuer, external=True))
        if without_slash(str(published.get("issuer"))) != without_slash(issuer):
            raise UnusableAnswer("The document at OIDC_ISSUER names another issuer.")
        for name in ENDPOINTS:
            if not str(published.get(name)).startswith(("https://", "http://")):
                raise UnusableAnswer(f"The document at OIDC_ISSUER has no {name}.")
        return published

    @cached_property
    def client(self) -> OAuth2Client:
        """Our end of the protocol."""
        identity = config.identity
        return OAuth2Client(
            PostingSession(),
            client_id=identity.oidc_client_id,
            client_secret=identity.oidc_client_secret,
            token_endpoint_auth_method=self.auth_method(),
            scope=" ".join(dict.fromkeys(["openid", *identity.oidc_scopes])),
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
        )

    def auth_method(self) -> str:
        """How we prove who we are where codes are redeemed."""
        if not config.identity.oidc_client_secret:
            return "none"
        offered = self.metadata.get("token_endpoint_auth_methods_supported") or ()
        only_basic = "client_secret_basic" in offered and "client_secret_post" not in offered
        # Names and secrets with colons or accents do not survive the other one everywhere.
        return "client_secret_basic" if only_basic else "client_secret_post"

    def authorization_url(self, state: str, pending: PendingSignIn) -> str:
        """Where a browser is sent to sign in."""
        url, _state = self.client.create_authorization_url(
            self.metadata["authorization_endpoint"],
            state=state,
            code_verifier=pending.verifier,
            nonce=pending.nonce,
        )
        return str(url)

    @property
    def issuers(self) -> tuple[str, ...]:
        """How the provider may call itself in what it signs: with and without a last slash."""
        bare = without_slash(self.metadata["issuer"])
        return bare, f"{bare}/"

    def redeem(self, code: str, pending: PendingSignIn) -> tuple[Claims, Claims]:
        """What the ID token and the userinfo say about the person a code stands for."""
        answer = self.client.fetch_token(
            self.metadata["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=pending.verifier,
            redirect_uri=self.redirect_uri,
        )
        access_token = str(answer["access_token"])
        keys = read_json(self.metadata["jwks_uri"])
        signed = verify_id_token(
            str(answer["id_token"]),
            keys=keys,
            issuers=self.issuers,
            client_id=config.identity.oidc_client_id,
            nonce=pending.nonce,
            access_token=access_token,
        )
        told = self.read_userinfo(access_token, keys)
        if told is not None and told.get("sub") != signed["sub"]:
            raise UnusableAnswer("The provider's userinfo is about somebody else.")
        return signed, told or {}

    def read_userinfo(self, access_token: str, keys: Claims) -> Claims | None:
        """What else the provider tells; None when it has no such page, or refuses us there."""
        address = self.metadata.get("userinfo_endpoint")
        if not address:
            return None
        answer = fetch_url(
            address,
            headers={"authorization": f"Bearer {access_token}"},
            limits=READING,
            find=find_named_addresses,
        )
        if answer.status in REFUSALS:
            logger.warning("The identity provider refused its userinfo: %s", answer.status)
            return None
        require_service(answer, failing_from=400)
        if answer.body.lstrip().startswith(b"{"):
            return json_object(answer.body)
        return verify_userinfo(
            answer.body.strip().decode(),
            keys=keys,
            issuers=self.issuers,
            client_id=config.identity.oidc_client_id,
        )


class PostingSession:
    """What authlib posts with: our client instead of one of its own."""

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> httpx2.Response:
        """Send a form with our proof; raises `UpstreamUnavailable`."""
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        answer = fetch_url(
            url,
            method="POST",
            headers=sent,
            content=body.encode(),
            limits=POSTING,
            find=find_named_addresses,
        )
        require_service(answer)
        request = httpx2.Request("POST", answer.url)
        return httpx2.Response(answer.status, content=answer.body, request=request)


def read_json(address: str, **headers: str) -> Claims:
    """A JSON object of the provider; raises what `json_object` does, and `UpstreamUnavailable`."""
    answer = fetch_url(address, headers=headers, limits=READING, find=find_named_addresses)
    require_service(answer, failing_from=400)
    return json_object(answer.body)


def json_object(body: bytes) -> Claims:
    """A body as the object it holds; raises `UnusableAnswer` and `ValueError`."""
    found = orjson.loads(body)
    if not isinstance(found, dict):
        raise UnusableAnswer("The provider answered something that is no JSON object.")
    return found


def require_service(answer: Fetched, *, failing_from: int = 500) -> None:
    """Raise `UpstreamUnavailable` for a status that says that the provider is out of order."""
    if answer.status >= failing_from:
        raise UpstreamUnavailable(f"{answer.url} answered {answer.status}.")
