"""Requests of Prometheus, which calls each web process by an address of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    Scope = MutableMapping[str, Any]

FIGURES = "/metrics"


def by_our_name(scope: Scope) -> Scope:
    """The request as if it named one of our hosts, where a token opens the figures.

    In a cluster nobody knows the addresses of the processes beforehand, so no list can hold them.
    Without a token the name counts: a browser of this machine could be led here by another one.
    """
    if scope["type"] != "http" or scope["path"] != FIGURES or not config.security.metrics_token:
        return scope
    others = [pair for pair in scope["headers"] if pair[0] != b"host"]
    return {**scope, "headers": [(b"host", our_name().encode()), *others]}


def our_name() -> str:
    """A name that is answered for."""
    name = next(iter(settings.ALLOWED_HOSTS), "localhost")
    return "localhost" if name == "*" else name.removeprefix(".")
