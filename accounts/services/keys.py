"""API keys: made, replaced, ended and recognised."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.enums import Scope
from accounts.models import ApiKey, User
from youworker.common import audit
from youworker.common.exceptions import Conflict, Forbidden, InvalidInput
from youworker.common.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_PREFIX = "yw_"
SHOWN_CHARACTERS = 11


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
    actor: User,
) -> tuple[ApiKey, str]:
    """Create a key; the secret in the answer is not stored and cannot be shown again."""
    wanted = list(dict.fromkeys(scopes))
    unknown = set(wanted) - set(Scope.values)
    if unknown:
        raise InvalidInput(f"There is no scope {', '.join(sorted(unknown))}.", attr="scopes")
    if Scope.ADMIN in wanted and not user.is_staff:
        raise Forbidden("The scope admin is for staff only.")
    if user.is_service and actor.pk == user.pk:
        # Else a stolen key could give itself successors and more scopes.
        raise Forbidden("The keys of a service account are made by the admins of its group.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput("This lies in the past.", attr="expires_at")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user,
        name=name.strip(),
        prefix=secret[:SHOWN_CHARACTERS],
        digest=digest_of(secret),
        scopes=wanted,
        expires_at=expires_at,
    )
    audit.record("user.api_key.create", actor=actor, target=key, scopes=wanted)
    return key, secret


@transaction.atomic
def rotate_api_key(key: ApiKey, *, overlap_seconds: int = 0, actor: User) -> tuple[ApiKey, str]:
    """Replace a key by a new one; the old one works for `overlap_seconds` more."""
    if not ApiKey.objects.usable().filter(pk=key.pk).exists():
        raise Conflict("This key was revoked or has expired.")
    fresh, secret = create_api_key(
        key.user, name=key.name, scopes=key.scopes, expires_at=key.expires_at, actor=actor
    )
    end = timezone.now() + timedelta(seconds=overlap_seconds)
    key.expires_at = min(key.expires_at, end) if key.expires_at else end
    key.save_fields("expires_at")
    audit.record("user.api_key.rotate", actor=actor, target=key, successor=str(fresh.pk))
    return fresh, secret


@transaction.atomic
def replace_api_keys(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    actor: User,
) -> tuple[ApiKey, str]:
    """Create a key and revoke the user's other keys of that name."""
    former = list(ApiKey.objects.usable().filter(user=user, name=name.strip()))
    made = create_api_key(user, name=name, scopes=scopes, expires_at=expires_at, actor=actor)
    for key in former:
        revoke_api_key(key, actor=actor)
    return made


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: User | None) -> None:
    """End a key at once; nothing happens when it had ended already."""
    live = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True)
    if live.update(revoked_at=timezone.now()):
        audit.record("user.api_key.revoke", actor=actor, target=key)


def user_of_key(secret: str) -> tuple[User, ApiKey] | None:
    """The user a usable key stands for, and the key."""
    found = ApiKey.objects.usable().select_related("user").filter(digest=digest_of(secret)).first()
    if found is None:
        return None
    if found.use_is_worth_noting():
        ApiKey.objects.touch(found.pk)
    return found.user, found
