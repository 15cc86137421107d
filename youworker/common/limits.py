"""Rate limits by name, counted in Redis, the same for every process."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django_ratelimit.core import get_usage

from youworker.common.exceptions import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from rest_framework.request import Request

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


def rate(name: str) -> str:
    """The rate of a preset; `RATE_<NAME>` in the environment changes it."""
    if name not in PRESETS:
        raise ImproperlyConfigured(f"There is no rate limit {name!r}.")
    return str(environ.Env().str(f"RATE_{name}", default=PRESETS[name]))


def limit(request: Request | HttpRequest, name: str) -> None:
    """Count one request against a preset; raises `RateLimited` when it is used up."""
    if not settings.RATELIMIT_ENABLE:
        return
    plain = getattr(request, "_request", request)
    usage = get_usage(plain, group=f"yw:{name}", key=caller, rate=rate(name), increment=True)
    if usage and usage["should_limit"]:
        wait = int(usage["time_left"]) + 1
        raise RateLimited(f"Too many requests, try again in {wait} s.", wait=wait)


def caller(group: str, request: Any) -> str:
    """Who is counted: the user when there is one, else the address of the connection."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"


def limited(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view method: every call counts against a preset."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def counted(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            # The plain Django request does not know who an API key belongs to.
            request._request.user = request.user
            limit(request, name)
            return method(view, request, *args, **kwargs)

        return counted

    return decorate
