"""Whom an ID token and a userinfo are about: one identity out of two sources.

Claims that belong together are taken from one source. An address beside the other source's word
that one was verified would open somebody else's account.
"""

from __future__ import annotations

from typing import Any

from accounts.enums import SignInMethod
from accounts.services import normal_name
from accounts.types import Identity
from youworker.core.config import config

Claims = dict[str, Any]

# As Entra ID says that there are more groups than fit into a token.
GROUPS, OVERAGE = "groups", "hasgroups"
# OpenID Connect Core 5.6.2: claims that are to be had elsewhere, from whoever is named.
ELSEWHERE = "_claim_names"


def identity_of(signed: Claims, told: Claims) -> Identity:
    """The person whom a verified ID token, and a userinfo about the same subject, describe."""
    email, verified = address_in(signed, told)
    return Identity(
        method=SignInMethod.OIDC,
        issuer=without_slash(config.identity.oidc_issuer),
        subject=str(signed["sub"]),
        username=normal_name(name_in(signed, told) or (email if verified else "")),
        email=email,
        email_verified=verified,
        display_name=display_name_in(signed) or display_name_in(told),
        groups=groups_in(signed, told),
    )


def address_in(signed: Claims, told: Claims) -> tuple[str, bool]:
    """The address, and whether the source that named it says that it was verified.

    The userinfo is asked about the token's address only when the token leaves the mark out.
    """
    email = text_in(signed, "email")
    if not email:
        return text_in(told, "email"), says_verified(told)
    if "email_verified" not in signed and text_in(told, "email").lower() == email.lower():
        return email, says_verified(told)
    return email, says_verified(signed)


def says_verified(source: Claims) -> bool:
    """Whether a source says that the address it names was verified."""
    return bool(text_in(source, "email")) and is_true(source.get("email_verified"))


def is_true(value: object) -> bool:
    """Whether a claim is true, or the word for it: Cognito and Apple send text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def name_in(signed: Claims, told: Claims) -> str:
    """The name a person has at the provider; empty when it has none for them."""
    return text_in(signed, "preferred_username") or text_in(told, "preferred_username")


def display_name_in(source: Claims) -> str:
    """The name that people read, whole or in two parts."""
    parts = (text_in(source, "given_name"), text_in(source, "family_name"))
    return text_in(source, "name") or " ".join(part for part in parts if part)


def groups_in(signed: Claims, told: Claims) -> frozenset[str] | None:
    """A person's groups, none included; None when no source lists them."""
    if (listed := listed_groups(signed)) is not None:
        return listed
    if (listed := listed_groups(told)) is not None:
        return listed
    if has_too_many_groups(signed) or has_too_many_groups(told):
        return None
    return frozenset() if config.identity.missing_groups == "remove" else None


def listed_groups(source: Claims) -> frozenset[str] | None:
    """The groups one source lists completely; None for a claim that is missing or no list."""
    said = source.get(config.identity.groups_claim)
    if has_too_many_groups(source):
        return None
    if isinstance(said, str):
        said = [said]
    # Zitadel's roles are the names of an object.
    if not isinstance(said, list | dict):
        return None
    names = frozenset(name for name in said if isinstance(name, str) and name)
    readable = not said or any(isinstance(name, str) for name in said)
    return names if readable else None


def has_too_many_groups(source: Claims) -> bool:
    """Whether a source says that the groups are to be had elsewhere."""
    claim = config.identity.groups_claim
    elsewhere = source.get(ELSEWHERE)
    if isinstance(elsewhere, dict) and claim in elsewhere:
        return True
    return claim == GROUPS and is_true(source.get(OVERAGE))


def text_in(source: Claims, name: str) -> str:
    """A claim that is text; anything else counts as missing."""
    value = source.get(name)
    return value.strip() if isinstance(value, str) else ""


def without_slash(issuer: str) -> str:
    """An issuer without the slash that providers, and those who set us up, write or leave out."""
    return issuer.removesuffix("/")
