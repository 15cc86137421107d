"""API keys: made, replaced, ended."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.enums import Scope
from accounts.exceptions import InsufficientScope
from accounts.models import ApiKey, User
from youworker import audit
from youworker.core.exceptions import Conflict, Forbidden, InvalidInput
from youworker.core.network import networks_of
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_PREFIX = "yw_"
SHOWN_CHARACTERS = 11
MOST_KEYS = 100


def digest_of(key: str) -> str:
    """The stored form of a key: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


@validate_not_empty("name", "scopes")
@transaction.atomic
def create_api_key(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    allowed_networks: Iterable[str] = (),
    with_key: ApiKey | None = None,
    actor: User,
) -> tuple[ApiKey, str]:
    """Create a key; the secret in the answer is not stored and cannot be shown again.

    Made with another key (`with_key`), it can do no more, from nowhere else and no longer.
    """
    if user.is_service and actor.pk == user.pk:
        # Else a stolen key could give itself successors and more scopes.
        raise Forbidden("The keys of a service account are made by the admins of its group.")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        user=user,
        name=name.strip(),
        prefix=secret[:SHOWN_CHARACTERS],
        digest=digest_of(secret),
        scopes=list(dict.fromkeys(scopes)),
        expires_at=expires_at,
        allowed_networks=normalised(allowed_networks),
    )
    if with_key is not None:
        inherit_limits(key, with_key)
    check_new_key(key)
    key.save(force_insert=True)
    audit.record("user.api_key.create", actor=actor, target=key, scopes=key.scopes)
    return key, secret


def check_new_key(key: ApiKey) -> None:
    """Refuse what no key may be; holds the user's row, so that keys are counted one by one."""
    unknown = set(key.scopes) - set(Scope.values)
    if unknown:
        raise InvalidInput(
            "There is no scope %(scopes)s.", attr="scopes", scopes=", ".join(sorted(unknown))
        )
    if Scope.ADMIN in key.scopes and not key.user.is_staff:
        raise Forbidden("The scope admin is for staff only.")
    if key.expires_at is not None and key.expires_at <= timezone.now():
        raise InvalidInput("This lies in the past.", attr="expires_at")
    User.objects.select_for_update().get(pk=key.user_id)
    if ApiKey.objects.unended().filter(user=key.user_id).count() >= MOST_KEYS:
        raise Conflict("There are %(most)s keys already; revoke one first.", most=MOST_KEYS)


def normalised(networks: Iterable[str]) -> list[str]:
    """Networks as they are stored, each once; raises `InvalidInput`."""
    try:
        parsed = networks_of(tuple(networks))
    except ValueError as error:
        raise InvalidInput(
            "These are networks such as 10.0.0.0/8, or addresses.", attr="allowed_networks"
        ) from error
    return list(dict.fromkeys(str(network) for network in parsed))


def inherit_limits(key: ApiKey, maker: ApiKey) -> None:
    """Give a key the end and the networks of the key it is made with, where it has none."""
    if maker.expires_at is not None:
        key.expires_at = min(key.expires_at or maker.expires_at, maker.expires_at)
    key.allowed_networks = key.allowed_networks or maker.allowed_networks
    check_within(key, maker)


def check_within(key: ApiKey, maker: ApiKey) -> None:
    """Refuse a key that can do more, from elsewhere or for longer than its maker."""
    lasts = maker.expires_at is None or (
        key.expires_at is not None and key.expires_at <= maker.expires_at
    )
    if not (lasts and set(key.scopes) <= set(maker.scopes) and inside(key, maker)):
        raise InsufficientScope("This API key may not give more rights than it has.")


def inside(key: ApiKey, maker: ApiKey) -> bool:
    """Whether a key works only from where its maker does."""
    if not maker.allowed_networks:
        return True
    wide = networks_of(tuple(maker.allowed_networks))
    return bool(key.allowed_networks) and all(
        any(
            narrow.version == each.version and narrow.subnet_of(each)  # type: ignore[arg-type]
            for each in wide
        )
        for narrow in networks_of(tuple(key.allowed_networks))
    )


@transaction.atomic
def rotate_api_key(
    key: ApiKey, *, overlap_seconds: int = 0, with_key: ApiKey | None = None, actor: User
) -> tuple[ApiKey, str]:
    """Replace a key by a new one, once; the old one works for `overlap_seconds` more."""
    if with_key is not None:
        check_within(key, with_key)
    end = timezone.now() + timedelta(seconds=overlap_seconds)
    if not (key.user.is_active and ApiKey.objects.retire(key.pk, end=end)):
        raise Conflict("This key was revoked, replaced or has expired.")
    fresh, secret = create_api_key(
        key.user,
        name=key.name,
        scopes=key.scopes,
        expires_at=key.expires_at,
        allowed_networks=key.allowed_networks,
        actor=actor,
    )
    audit.record("user.api_key.rotate", actor=actor, target=key, successor=str(fresh.pk))
    return fresh, secret


@transaction.atomic
def replace_api_keys(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    allowed_networks: Iterable[str] = (),
    actor: User,
) -> tuple[ApiKey, str]:
    """Create a key and revoke the user's other keys of that name."""
    former = list(ApiKey.objects.usable().filter(user=user, name=name.strip()))
    made = create_api_key(
        user,
        name=name,
        scopes=scopes,
        expires_at=expires_at,
        allowed_networks=allowed_networks,
        actor=actor,
    )
    for key in former:
        revoke_api_key(key, actor=actor)
    return made


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: User | None) -> None:
    """End a key at once; nothing happens when it had ended already."""
    live = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True)
    if live.update(revoked_at=timezone.now()):
        audit.record("user.api_key.revoke", actor=actor, target=key)
