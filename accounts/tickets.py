"""Single-use tickets: how a page opens a WebSocket without putting a secret into its URL."""

from __future__ import annotations

import secrets

from accounts.models import ApiKey, User
from youworker.common.redis import sync_redis

LIFETIME_SECONDS = 30


def issue_ticket(user: User, key: ApiKey | None) -> str:
    """A ticket that opens one socket as `user`, with the rights of `key` if there is one."""
    ticket = secrets.token_urlsafe(32)
    value = f"{user.pk} {key.pk if key else ''}"
    sync_redis().set(name_of(ticket), value, ex=LIFETIME_SECONDS)
    return ticket


def redeem_ticket(ticket: str) -> tuple[User | None, ApiKey | None]:
    """The user of a ticket, once; rights are read again, not remembered."""
    value = sync_redis().getdel(name_of(ticket))
    if not isinstance(value, bytes):
        return None, None
    user_id, _, key_id = value.decode().partition(" ")
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not key_id:
        return user, None
    key = ApiKey.objects.usable().filter(pk=key_id, user=user).first()
    return (user, key) if key else (None, None)


def name_of(ticket: str) -> str:
    """Where a ticket is kept."""
    return f"yw:ticket:{ticket}"
