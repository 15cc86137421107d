"""API keys as they are shown: whose they are, and why they are refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.core.cache import cache as redis_cache
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import ApiKey, User
from accounts.services.keys import digest_of
from youworker import audit
from youworker.core.network import in_networks, networks_of, parsed
from youworker.core.request_context import request_origin
from youworker.core.sql import Columns, fetch_row

if TYPE_CHECKING:
    from uuid import UUID

NOTED_SECONDS = 60
# In plain SQL: every request with a key begins with it.
KEY, OWNER = Columns(ApiKey, "shown"), Columns(User, "owner")


def user_of_key(secret: str) -> tuple[User, ApiKey] | None:
    """The user a key stands for, and the key, if it can be used now and from here."""
    key = authenticate_api_key(find_key_by_digest(digest_of(secret)))
    return (key.user, key) if key else None


def is_known_key(secret: str) -> bool:
    """Whether a key exists or existed, usable or not."""
    return ApiKey.objects.filter(digest=digest_of(secret)).exists()


def opens_somewhere(secret: str) -> bool:
    """Whether a key can be used now, for those who do not know yet where its bearer is."""
    return authenticate_api_key(find_key_by_digest(digest_of(secret)), anywhere=True) is not None


def usable_key(pk: UUID | str) -> ApiKey | None:
    """A key that was recognised before, if it can still be used from here."""
    return authenticate_api_key(find_key_by_id(pk))


def authenticate_api_key(key: ApiKey | None, *, anywhere: bool = False) -> ApiKey | None:
    """A key that was found, unless it is refused; its use, or its refusal, is noted."""
    if key is None:
        return None
    refusal = refusal_of(key, anywhere=anywhere)
    if refusal:
        note_refusal(key, *refusal)
        return None
    if key.use_is_worth_noting():
        ApiKey.objects.touch(key.pk)
    return key


def refusal_of(key: ApiKey, *, anywhere: bool) -> tuple[str, str] | None:
    """The audit action and the reason, when a key cannot be used now and, if asked, from here."""
    if key.revoked_at is not None:
        return "auth.unauthorized", "revoked"
    if not key.user.is_active:
        return "auth.unauthorized", "inactive"
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return "auth.token.expired", "expired"
    if key.allowed_networks and not anywhere and not comes_from(tuple(key.allowed_networks)):
        return "auth.unauthorized", "network"
    return None


def comes_from(networks: tuple[str, ...]) -> bool:
    """Whether the caller's address, which must be known, lies in one of the networks."""
    address = parsed(request_origin().address)
    return address is not None and in_networks(address, networks_of(networks))


def note_refusal(key: ApiKey, action: str, reason: str) -> None:
    """Write down that a known key was refused, at most once a minute."""
    try:
        first = redis_cache.add(f"refusal:{action}:{key.pk}", 1, NOTED_SECONDS)
    except (RedisError, OSError):
        first = True
    if first:
        audit.record(action, actor=None, target=key, result="denied", reason=reason)


@cache
def key_sql(column: str) -> str:
    """Read a key, by one of its unique columns, with its user."""
    return (
        f"SELECT {KEY.sql}, {OWNER.sql}"  # noqa: S608 -- our own words
        ' FROM "accounts_apikey" AS shown JOIN "accounts_user" AS owner ON owner.id = shown.user_id'
        f" WHERE shown.{column} = %s"
    )


def find_key_by_digest(digest: str) -> ApiKey | None:
    """The key of which this is the stored form, usable or not, with its user."""
    return read_key("digest", digest)


def find_key_by_id(pk: UUID | str) -> ApiKey | None:
    """A key, usable or not, with its user."""
    return read_key("id", pk)


def read_key(column: str, value: UUID | str) -> ApiKey | None:
    """The key that has a value in a unique column, with its user."""
    row = fetch_row(key_sql(column), [value])
    if row is None:
        return None
    key: ApiKey = KEY.make_row(row[: len(KEY.names)])
    key.user = OWNER.make_row(row[len(KEY.names) :])
    return key
