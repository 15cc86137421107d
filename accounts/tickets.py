"""Single-use tickets: how a page opens a WebSocket without putting a secret into its URL."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import orjson

from accounts import services
from accounts.models import ApiKey, User
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from accounts.types import AccessGrant

LIFETIME_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Caller:
    """Who opens a connection, and what lets them in."""

    user: User
    key: ApiKey | None
    grant: AccessGrant

    @classmethod
    def by_key(cls, user: User, key: ApiKey) -> Self:
        """Somebody who showed a key."""
        return cls(user, key, services.grant_of(user, key=key))

    @classmethod
    def by_session(cls, session: Any) -> Self | None:
        """Somebody with a session, unless it has ended."""
        user = services.user_of_session(session)
        return cls(user, None, services.grant_of(user, session=session)) if user else None


def issue_ticket(grant: AccessGrant) -> str:
    """A ticket that opens one socket, which ends with the session or the key behind it."""
    ticket = secrets.token_urlsafe(32)
    value = {"user": grant.user_id, "key": grant.key_id, "session": grant.session_key}
    sync_redis().set(name_of(ticket), orjson.dumps(value), ex=LIFETIME_SECONDS)
    return ticket


def redeem_ticket(ticket: str) -> Caller | None:
    """Who a ticket is for, once; rights are read again, not remembered."""
    value = sync_redis().getdel(name_of(ticket))
    if not isinstance(value, bytes):
        return None
    made_by = orjson.loads(value)
    if made_by["key"]:
        key = services.usable_key(made_by["key"])
        return Caller.by_key(key.user, key) if key else None
    if made_by["session"]:
        return Caller.by_session(services.session_store()(made_by["session"]))
    user = User.objects.filter(pk=made_by["user"], is_active=True).first()
    return Caller(user, None, services.grant_of(user)) if user else None


def name_of(ticket: str) -> str:
    """Where a ticket is kept."""
    return f"yw:ticket:{ticket}"


def tickets_of(user_id: UUID) -> Iterator[bytes]:
    """Where the tickets are kept that open a socket as this user."""
    redis = sync_redis()
    for name in redis.scan_iter(name_of("*")):
        value = redis.get(name)
        if isinstance(value, bytes) and orjson.loads(value)["user"] == str(user_id):
            yield name
