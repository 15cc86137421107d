"""What people and operators do with accounts and keys."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import authenticate, get_user, login, logout
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.enums import Scope
from accounts.exceptions import SignInFailed
from accounts.models import ApiKey, User
from youworker.common import audit
from youworker.common.exceptions import Conflict, Forbidden, InvalidInput
from youworker.common.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_PREFIX = "yw_"
SHOWN_CHARACTERS = 11
PROFILE_FIELDS = ("display_name", "email", "language", "time_zone")


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
def revoke_api_key(key: ApiKey, *, actor: User) -> None:
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


@transaction.atomic
def update_profile(user: User, *, actor: User, **changes: Any) -> User:
    """Change what people may change about themselves."""
    for name in PROFILE_FIELDS:
        if name in changes:
            setattr(user, name, changes[name])
    user.save(update_fields=[name for name in PROFILE_FIELDS if name in changes])
    audit.record("user.update", actor=actor, target=user, fields=sorted(changes))
    return user


def user_of_session(session: Any) -> User | None:
    """The signed-in user of a Django session, with the same checks as a page has."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Check the password and begin a session; raises `SignInFailed`."""
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        known = User.objects.filter(username=username).first()
        if known is not None:
            audit.record("auth.login.failed", actor=None, target=known, result="denied")
        raise SignInFailed("The user name or the password is wrong.")
    login(request, user)
    audit.record("user.login", actor=user)
    return user


def sign_out(request: HttpRequest, *, actor: User) -> None:
    """End the session of a request."""
    audit.record("user.logout", actor=actor)
    logout(request)


@transaction.atomic
def ensure_root(username: str, *, password: str = "") -> tuple[bool, str]:
    """Create the first superuser, unless there is one; whether, and with which password."""
    taken = User.objects.filter(Q(is_superuser=True) | Q(username=username)).exists()
    if taken:
        return False, ""
    chosen = password or secrets.token_urlsafe(15)
    user = User.objects.create_superuser(username, password=chosen)
    audit.record("admin.user.create", actor=None, target=user)
    return True, chosen


def may_still_act(user: User, key: ApiKey | None) -> bool:
    """Whether a caller that was let in would be let in now."""
    if key is not None:
        return ApiKey.objects.usable().filter(pk=key.pk, user=user).exists()
    return User.objects.filter(pk=user.pk, is_active=True).exists()
