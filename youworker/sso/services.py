"""Signing in with what others vouch for."""

from __future__ import annotations

import logging
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jwt
import requests
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from accounts.enums import SignInMethod
from accounts.exceptions import IdentityRefused, SignInFailed
from accounts.services import begin_session, normal_name, user_of_identity
from accounts.types import Identity
from groups.services import sync_mapped_groups
from youworker.common.config import config
from youworker.common.exceptions import UpstreamUnavailable
from youworker.common.slots import holding_nothing
from youworker.sso.forward_auth import identity_in
from youworker.sso.provider import PROVIDER_ID, Adapter, Provider, configured_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

logger = logging.getLogger(__name__)

# What a provider's nonsense makes of us: wrong shapes, missing fields, broken signatures.
NONSENSE = (OAuth2Error, jwt.PyJWTError, LookupError, TypeError, ValueError, AttributeError)
LONGEST_REASON = 200


def sign_in_by_proxy(request: HttpRequest) -> User:
    """Begin a session for whom a trusted proxy names; raises `IdentityRefused`."""
    identity = identity_in(request)
    if identity is None:
        raise IdentityRefused("Single sign-on did not recognise you.")
    return sign_in_as(request, identity)


def start_oidc(request: HttpRequest, *, next_url: str) -> HttpResponse:
    """Send a browser to the provider; raises `UpstreamUnavailable`."""
    provider = Provider(request, app=configured_app())
    nonce = secrets.token_urlsafe(32)
    with provider_trouble(nonsense=UpstreamUnavailable):
        with holding_nothing():
            provider.adapter.openid_config  # noqa: B018 -- fetched before anything is remembered
        answer: HttpResponse = provider.redirect(
            request,
            AuthProcess.LOGIN,
            next_url=next_url,
            auth_params={"nonce": nonce},
            nonce=nonce,
        )
    return answer


def finish_oidc(request: HttpRequest, *, code: str, state: str, error: str) -> tuple[User, str]:
    """Begin a session for somebody who comes back; the user, and where he wanted to go.

    Raises `SignInFailed` and `UpstreamUnavailable`.
    """
    started = statekit.unstash_state(request, state_id=state, provider_id=PROVIDER_ID)
    if started is None:
        raise SignInFailed("This sign-in was begun elsewhere or too long ago: begin again.")
    if error or not code:
        raise SignInFailed("The identity provider did not sign you in.")
    # A slow provider must not keep the few connections of the pool from others.
    with holding_nothing(), provider_trouble(nonsense=SignInFailed):
        claims = redeemed(request, code, started)
        identity = identity_of(claims)
    return sign_in_as(request, identity), str(started.get("next") or "")


def redeemed(request: HttpRequest, code: str, started: dict[str, Any]) -> dict[str, Any]:
    """The claims that a code is worth, once."""
    adapter = Adapter(request)
    client = adapter.get_client(request, configured_app())
    answer = client.get_access_token(code, pkce_code_verifier=started["pkce_code_verifier"])
    return adapter.claims_in(answer, nonce=started["nonce"])


def identity_of(claims: dict[str, Any]) -> Identity:
    """The person whom verified claims are about."""
    email = text_in(claims, "email")
    verified = bool(email) and claims.get("email_verified") is True
    username = text_in(claims, "preferred_username") or (email if verified else "")
    groups = claims.get(config.identity.groups_claim) or ()
    listed = [groups] if isinstance(groups, str) else groups
    return Identity(
        method=SignInMethod.OIDC,
        issuer=config.identity.oidc_issuer.rstrip("/"),
        subject=text_in(claims, "sub"),
        username=normal_name(username),
        email=email,
        email_verified=verified,
        display_name=text_in(claims, "name"),
        groups=frozenset(name for name in listed if isinstance(name, str)),
    )


def text_in(claims: dict[str, Any], name: str) -> str:
    """A claim that is text; anything else counts as missing."""
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def sign_in_as(request: HttpRequest, identity: Identity) -> User:
    """Find or make the user, bring his groups up to date, and begin a session."""
    user = user_of_identity(identity)
    sync_mapped_groups(user, identity.groups)
    begin_session(request, user, method=identity.method)
    return user


@contextmanager
def provider_trouble(*, nonsense: type[UpstreamUnavailable] | type[SignInFailed]) -> Iterator[None]:
    """Turn trouble with the provider into one line for the operator and one for the person."""
    try:
        yield
    except requests.RequestException as error:
        logger.warning("The identity provider does not answer: %s", reason(error))
        raise UpstreamUnavailable(
            "The identity provider does not answer; try again later."
        ) from error
    except NONSENSE as error:
        logger.warning("The identity provider's answer is of no use: %s", reason(error))
        raise nonsense("The identity provider's answer could not be used.") from error


def reason(error: Exception) -> str:
    """What went wrong, short enough for a line of the log."""
    return f"{type(error).__name__}: {error}"[:LONGEST_REASON]
