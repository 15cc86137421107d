"""Rate limits by name, counted in Redis, the same for every process.

Views are `rate_limited`, every other write of the API counts as `VERY_HIGH`, and sockets call
`check_rate_limit`.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from youworker.core.exceptions import RateLimited, Unavailable
from youworker.core.network import parsed
from youworker.core.request_context import request_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

logger = logging.getLogger(__name__)

ViewT = TypeVar("ViewT", bound="Callable[..., Any]")

PRESETS = {
    "AUTH_LOGIN": "10/m",
    "AUTH_REGISTER": "5/h",
    "PASSWORD_RESET": "3/h",
    "API_KEY_REGENERATE": "3/h",
    "CHAT_MESSAGE": "60/m",
    "CHAT_SESSION_CREATE": "30/h",
    "FILE_UPLOAD": "20/h",
    "FILE_DELETE": "30/m",
    "ADMIN_ACTION": "30/m",
    "SEARCH": "120/m",
    "PICTURE": "300/m",
    "VERY_STRICT": "5/m",
    "STRICT": "10/m",
    "MODERATE": "30/m",
    "RELAXED": "60/m",
    "HIGH": "100/m",
    "VERY_HIGH": "200/m",
    "EXPENSIVE_HOURLY": "10/h",
    "MODERATE_HOURLY": "50/h",
    "HIGH_HOURLY": "100/h",
}
# Whoever can stop Redis must not be able to guess passwords without end.
CLOSED_WITHOUT_REDIS = {"AUTH_LOGIN", "AUTH_REGISTER", "PASSWORD_RESET", "API_KEY_REGENERATE"}
OTHER_WRITES = "VERY_HIGH"
RATE = re.compile(r"[1-9]\d*/[1-9]?\d*[smhd]")
IPV6_PREFIX = 64


def rate(name: str) -> str:
    """The rate of a preset; `RATE_<NAME>` in the environment changes it."""
    if name not in PRESETS:
        raise ImproperlyConfigured(f"There is no rate limit {name!r}.")
    found = str(environ.Env().str(f"RATE_{name}", default="")) or PRESETS[name]
    if not RATE.fullmatch(found):
        raise ImproperlyConfigured(f"RATE_{name} must look like 10/m (s, m, h or d).")
    return found


def check_rates() -> None:
    """Raise `ImproperlyConfigured` for a rate that cannot be read."""
    for name in PRESETS:
        rate(name)


def check_rate_limit(name: str, user: Any) -> None:
    """Count something the caller does; raises `RateLimited`, or `Unavailable` without Redis."""
    if not settings.RATELIMIT_ENABLE:
        return
    who = caller(user)
    try:
        usage = get_usage(
            None, group=f"yw:{name}", key=lambda *_: who, rate=rate(name), increment=True
        )
    except (RedisError, OSError) as error:
        redis_watch.lost(error)
        if name in CLOSED_WITHOUT_REDIS:
            raise Unavailable("This is not possible right now; try again in a minute.") from error
        return
    redis_watch.answered()
    if usage and usage["should_limit"]:
        wait = max(int(usage["time_left"]), 0) + 1
        raise RateLimited("Too many requests, try again in %(wait)s s.", wait=wait)


def caller(user: Any) -> str:
    """Who is counted: the API key, else the user, else the address of the connection."""
    where = request_origin()
    known = user is not None and user.is_authenticated
    if known and where.key_id is not None:
        return f"key:{where.key_id}"
    if known:
        return f"user:{user.pk}"
    return f"address:{network_of(where.address)}"


def network_of(text: str) -> str:
    """The address, or the network every customer of IPv6 has alone."""
    address = parsed(text)
    if not isinstance(address, ipaddress.IPv6Address):
        return str(address or text)
    return str(ipaddress.ip_network(f"{address}/{IPV6_PREFIX}", strict=False))


class RedisWatch:
    """Says once that limits are not counted, and once that they are again."""

    def __init__(self) -> None:
        self.away = False

    def lost(self, error: Exception) -> None:
        """Redis did not answer."""
        if not self.away:
            logger.error("rate limits are not counted: Redis does not answer", exc_info=error)
        self.away = True

    def answered(self) -> None:
        """Redis answered."""
        if self.away:
            logger.warning("rate limits are counted again")
        self.away = False


redis_watch = RedisWatch()


def rate_limited(name: str, *, methods: Collection[str] = ()) -> Callable[[ViewT], ViewT]:
    """Count every request to a view, or those of some methods, against a preset.

    A view is a function or method that gets a request; one too many raises `RateLimited` instead.
    """
    rate(name)

    def decorate(view: ViewT) -> ViewT:
        @wraps(view)
        def count_first(*args: Any, **kwargs: Any) -> Any:
            request = next(arg for arg in args if isinstance(arg, (HttpRequest, Request)))
            if not methods or request.method in methods:
                check_rate_limit(name, request.user)
            return view(*args, **kwargs)

        count_first.is_rate_limited = True  # type: ignore[attr-defined]
        return cast("ViewT", count_first)

    return decorate


class WriteThrottle(BaseThrottle):
    """Counts writes of the API whose view method is not `rate_limited` itself."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the request may go on; raises `RateLimited` instead of saying no."""
        method = getattr(view, str(request.method).lower(), None)
        counts_itself = getattr(method, "is_rate_limited", False)
        if request.method not in SAFE_METHODS and not counts_itself:
            check_rate_limit(OTHER_WRITES, request.user)
        return True
