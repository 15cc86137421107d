"""Signing in with what others vouch for."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
from authlib.common.errors import AuthlibBaseError
from django.urls import reverse
from joserfc.errors import JoseError

from accounts.exceptions import IdentityRefused, SignInFailed
from accounts.services import begin_session, user_of_identity
from groups.services import sync_mapped_groups
from youworker.core.exceptions import InvalidInput, TooLarge, UpstreamUnavailable
from youworker.core.network import absolute_url
from youworker.core.slots import holding_nothing
from youworker.sso.claims import identity_of
from youworker.sso.forward_auth import identity_in
from youworker.sso.provider import Provider, UnusableAnswer, begin_sign_in, sign_ins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from accounts.models import User
    from accounts.types import Identity
    from youworker.sso.provider import PendingSignIn

logger = logging.getLogger(__name__)

# What a provider's nonsense makes of us: refusals, wrong shapes, missing fields, broken signatures.
UNUSABLE = (
    UnusableAnswer,
    AuthlibBaseError,
    JoseError,
    httpx2.HTTPError,
    InvalidInput,
    TooLarge,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
LONGEST_REASON = 200


def sign_in_by_proxy(request: HttpRequest) -> User:
    """Begin a session for whom a trusted proxy names; raises `IdentityRefused`."""
    identity = identity_in(request)
    if identity is None:
        raise IdentityRefused("Single sign-on did not recognise you.")
    return sign_in_as(request, identity)


def start_oidc(request: HttpRequest, *, next_url: str) -> str:
    """Begin a sign-in; where at the provider the browser goes. Raises `UpstreamUnavailable`."""
    provider = Provider(callback_url(request))
    with provider_trouble(unusable=UpstreamUnavailable):
        with holding_nothing():
            provider.metadata  # noqa: B018 -- fetched before anything is remembered
        state, begun = begin_sign_in(request.session, next_url=next_url)
        return provider.authorization_url(state, begun)


def take_begun(request: HttpRequest, *, state: str) -> PendingSignIn:
    """What was remembered of a sign-in, which is forgotten now; raises `SignInFailed`."""
    begun = sign_ins.take(request.session, state)
    if begun is None:
        raise SignInFailed("This sign-in was begun elsewhere or too long ago: begin again.")
    return begun


def finish_oidc(request: HttpRequest, begun: PendingSignIn, *, code: str, error: str) -> User:
    """Begin a session for somebody who comes back.

    Raises `SignInFailed` and `UpstreamUnavailable`.
    """
    if error or not code:
        raise SignInFailed("The identity provider did not sign you in.")
    # A slow provider must not keep the few connections of the pool from others.
    with holding_nothing(), provider_trouble(unusable=SignInFailed):
        identity = identity_of(*Provider(callback_url(request)).redeem(code, begun))
    return sign_in_as(request, identity)


def callback_url(request: HttpRequest) -> str:
    """Where the provider sends people back to."""
    return absolute_url(request, reverse("oidc_callback"))


def sign_in_as(request: HttpRequest, identity: Identity) -> User:
    """Find or make the user, bring their groups up to date, and begin a session."""
    user = user_of_identity(identity)
    if identity.groups is not None:
        sync_mapped_groups(user, identity.groups)
    begin_session(request, user, method=identity.method)
    return user


@contextmanager
def provider_trouble(*, unusable: type[UpstreamUnavailable] | type[SignInFailed]) -> Iterator[None]:
    """Turn trouble with the provider into one line for the operator and one for the person."""
    try:
        yield
    except UpstreamUnavailable as error:
        logger.warning("The identity provider does not answer: %s", reason(error))
        raise UpstreamUnavailable(
            "The identity provider does not answer; try again later."
        ) from error
    except UNUSABLE as error:
        logger.warning("The identity provider's answer is of no use: %s", reason(error))
        raise unusable("The identity provider's answer could not be used.") from error


def reason(error: Exception) -> str:
    """What went wrong, short enough for a line of the log."""
    return f"{type(error).__name__}: {error}"[:LONGEST_REASON]
