"""Who a trusted proxy says has signed in."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from accounts.enums import SignInMethod
from accounts.services import normal_name
from accounts.types import Identity
from youworker.core.config import config
from youworker.core.network import TRUSTED

if TYPE_CHECKING:
    from django.http import HttpRequest

ISSUER = "forward-auth"
LONGEST_SUBJECT = 255
OFF = "none"


def forward_auth_is_on() -> bool:
    """Whether a proxy may sign people in."""
    header = config.identity.sso_user_header.lower()
    return bool(config.security.trusted_proxies) and header != OFF


def identity_in(request: HttpRequest) -> Identity | None:
    """The identity in the headers of a request; None unless a trusted proxy sent it.

    The mark in the scope is asked for as well: under a server that does not clean what strangers
    send, nobody is believed.
    """
    scope: dict[str, Any] = getattr(request, "scope", {})
    if not forward_auth_is_on() or scope.get(TRUSTED) is not True:
        return None
    headers = {name.lower(): decoded(value) for name, value in scope["headers"]}

    def said(header: str) -> str:
        return headers.get(header.lower().replace("_", "-").encode(), "").strip()

    identity = config.identity
    username = normal_name(said(identity.sso_user_header))
    if not username:
        return None
    # Proxies that drop empty headers say so that there are none.
    groups = (name.strip() for name in said(identity.sso_groups_header).split("|"))
    return Identity(
        method=SignInMethod.SSO,
        issuer=ISSUER,
        subject=subject_of(username),
        username=username,
        email=said(identity.sso_email_header),
        display_name=said(identity.sso_name_header),
        groups=frozenset(name for name in groups if name),
    )


def subject_of(username: str) -> str:
    """Whom a name stands for; names of directories may be longer than a subject."""
    lowered = username.lower()
    fits = len(lowered) <= LONGEST_SUBJECT
    return lowered if fits else f"sha256:{sha256(lowered.encode()).hexdigest()}"


def decoded(value: bytes) -> str:
    """A header's text: UTF-8 as proxies send it, else Latin-1 as the standard has it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
