"""What every answer tells browsers, whoever made it: Django, daphne or a refused handshake."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterable

Header = tuple[bytes, bytes]
HSTS = "max-age=31536000; includeSubDomains; preload"
POWERS = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
DEFAULTS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Questions may be spoken on our own pages.
    "Permissions-Policy": ", ".join(
        f"{power}=({'self' if power == 'microphone' else ''})" for power in POWERS
    ),
    "Cache-Control": "no-store",
}


@cache
def defaults() -> tuple[Header, ...]:
    """The headers of an answer that says nothing else."""
    named = dict(DEFAULTS)
    if config.security.https:
        named["Strict-Transport-Security"] = HSTS
    if config.security.debug:
        # Django's page about an error has its own style.
        del named["Content-Security-Policy"]
    return tuple((name.encode(), value.encode()) for name, value in named.items())


def missing(present: Iterable[Header]) -> list[Header]:
    """The defaults that an answer with these headers lacks."""
    names = {name.lower() for name, _value in present}
    return [pair for pair in defaults() if pair[0].lower() not in names]
