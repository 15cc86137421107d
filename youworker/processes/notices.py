"""What an operator should know at the start: one line for each thing that is missing."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from accounts.models import User
from mcp.models import Server
from youworker.common.config import config
from youworker.sso.notices import sign_in_notices
from youworker.upstream.configured import chat_endpoints, embedding_endpoint
from youworker.upstream.probe import unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator


def missing_parts() -> Iterator[str]:
    """Everything the product works without, but not as well."""
    yield from model_notices()
    yield from embedding_notices()
    yield from server_notices()
    yield from security_notices()
    yield from sign_in_notices()


def model_notices() -> Iterator[str]:
    """The language models."""
    endpoints = chat_endpoints(config.llm)
    if not endpoints:
        yield "no language model (LLM_BASE_URL): the built-in quote model answers"
    for endpoint in endpoints:
        if reason := unreachable(endpoint):
            yield f"the language model at {endpoint.url} does not answer ({reason})"


def embedding_notices() -> Iterator[str]:
    """The embedding server; the local model needs none."""
    endpoint = embedding_endpoint(config.vector)
    if endpoint and (reason := unreachable(endpoint)):
        yield (
            f"the embedding server at {endpoint.url} does not answer ({reason}): "
            "search uses keywords only"
        )


def server_notices() -> Iterator[str]:
    """Tool servers that failed when they were last asked."""
    for server in Server.objects.filter(enabled=True).exclude(last_error="").order_by("slug"):
        yield f"the tool server {server.slug} failed: {server.last_error}"


def security_notices() -> Iterator[str]:
    """Settings that are dangerous outside a test, and a missing superuser."""
    if config.security.debug:
        yield "DEBUG is on: error pages show code and settings"
    if not config.security.rate_limits_enabled:
        yield "RATE_LIMITS_ENABLED is off"
    yield from transport_notices()
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        yield "nobody is a superuser: manage.py createsuperuser makes one"


def transport_notices() -> Iterator[str]:
    """Passwords that travel in the clear, and a proxy that is not believed."""
    security = config.security
    if security.https and not security.trusted_proxies:
        yield "HTTPS is on without TRUSTED_PROXIES: requests of the TLS proxy look like plain HTTP"
    elif not security.https and not is_loopback(config.api.host):
        yield f"HTTPS is off and HOST is {config.api.host}: passwords and keys travel in the clear"


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect."""
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost"
