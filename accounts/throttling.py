"""Failed attempts, counted per account name, whether there is such an account or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils.crypto import salted_hmac
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from accounts.exceptions import SignInUnavailable
from accounts.models import User
from youworker.core.api.rate_limits import rate
from youworker.core.exceptions import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable

# Presets: wrong passwords, and wrong codes after the right password.
PASSWORDS = "AUTH_LOGIN"
CODES = "EXPENSIVE_HOURLY"
SUSPICIOUS = 20


def refuse_when_exhausted(username: str, preset: str = PASSWORDS) -> None:
    """Raise `RateLimited` when too many attempts on this account failed lately."""
    usage = count_attempt(username, preset, rate(preset), increment=False)
    if usage is not None and usage["count"] >= usage["limit"]:
        wait = int(usage["time_left"]) + 1
        raise RateLimited("Too many failed attempts, try again in %(wait)s s.", wait=wait)


def note_failure(username: str) -> bool:
    """Count a failed attempt; whether it is the one that makes this hour's suspicious."""
    count_attempt(username, PASSWORDS, rate(PASSWORDS), increment=True)
    hour = count_attempt(username, "suspicious", f"{SUSPICIOUS}/h", increment=True)
    return hour is not None and hour["count"] == SUSPICIOUS


def note_wrong_code(username: str) -> None:
    """Count a wrong code, which nobody gets to try without the right password."""
    count_attempt(username, CODES, rate(CODES), increment=True)


def count_attempt(
    username: str, group: str, allowed: str, *, increment: bool
) -> dict[str, Any] | None:
    """The state of one counter; raises `SignInUnavailable` when Redis is away."""
    try:
        usage = get_usage(
            None,
            group=f"yw:account:{group}",
            key=key_of(username),
            rate=allowed,
            increment=increment,
        )
    except RedisError as error:
        raise SignInUnavailable("Signing in is not possible now, try again soon.") from error
    return cast("dict[str, Any] | None", usage)


def key_of(username: str) -> Callable[[str, Any], str]:
    """Whose attempts these are, unreadable in Redis and alike for all spellings of a name."""
    name = User.normalize_username(username).strip().casefold()
    digest = salted_hmac("accounts.throttling", name).hexdigest()
    return lambda _group, _request: digest
