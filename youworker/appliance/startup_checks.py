"""What must be true before the start, and what an operator should know."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import closing
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from redis.exceptions import RedisError

from accounts.models import User
from chat.enums import ServerState
from chat.llm.endpoints import endpoints_in_force, refresh_endpoints
from chat.models import ModelServer
from mcp.models import Server
from youworker.appliance.embedded import StartupRefused
from youworker.appliance.embedded.folders import require_space
from youworker.appliance.embedded.obstacles import require_folder
from youworker.appliance.model_files.report import file_notices
from youworker.core.commands import first_line
from youworker.core.config import config
from youworker.core.redis import sync_redis
from youworker.sso.notices import sign_in_notices
from youworker.upstream.address import shown_url
from youworker.upstream.client import unreachable
from youworker.upstream.configured import endpoints_for
from youworker.upstream.endpoint import Capability

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from youworker.upstream.endpoint import Endpoint


def missing_parts() -> Iterator[str]:
    """Everything the product works without, but not as well, in the language in force."""
    refresh_endpoints()
    yield from model_notices()
    yield from file_notices()
    yield from console_notices()
    yield from embedding_notices()
    yield from rerank_notices()
    yield from server_notices()
    yield from security_notices()
    yield from sign_in_notices()


def redis_notices() -> Iterator[str]:
    """A Redis that does not answer: nothing is served before it does."""
    try:
        sync_redis().ping()
    except RedisError as error:
        yield (
            f"Redis does not answer ({first_line(error)}): look whether it runs and REDIS_URL is"
            " right; the product is ready as soon as it answers"
        )


def model_notices() -> Iterator[str]:
    """The language models."""
    endpoints = endpoints_in_force()
    if not endpoints:
        yield gettext(
            "no language model (LLM_BASE_URL, LLM_GGUF): the built-in quote model answers"
        )
    for endpoint, reason in silent_among(each for each in endpoints if not each.is_guarded):
        about = {"url": shown_url(endpoint.url), "reason": reason}
        yield gettext("the language model at %(url)s does not answer (%(reason)s)") % about


def console_notices() -> Iterator[str]:
    """Model servers of the console that failed when they were last looked at."""
    rows = ModelServer.objects.filter(enabled=True, is_configured=False).in_order()
    for server in rows.filter(state=ServerState.FAILED):
        about = {"server": server.name, "reason": server.last_error}
        yield gettext("the model server %(server)s failed: %(reason)s") % about


def embedding_notices() -> Iterator[str]:
    """The embedding server; the local model needs none."""
    for endpoint, reason in silent_endpoints(Capability.EMBEDDING):
        yield gettext(
            "the embedding server at %(url)s does not answer (%(reason)s): "
            "search uses keywords only"
        ) % {"url": endpoint.url, "reason": reason}


def rerank_notices() -> Iterator[str]:
    """The server that orders passages anew, if there is one."""
    for endpoint, reason in silent_endpoints(Capability.RERANK):
        yield gettext(
            "the reranker at %(url)s does not answer (%(reason)s): "
            "search orders passages without it"
        ) % {"url": endpoint.url, "reason": reason}


def silent_endpoints(capability: Capability) -> Iterator[tuple[Endpoint, str]]:
    """The servers that do not answer, and why."""
    yield from silent_among(endpoints_for(capability))


def silent_among(endpoints: Iterable[Endpoint]) -> Iterator[tuple[Endpoint, str]]:
    """The servers among these that do not answer, and why."""
    for endpoint in endpoints:
        # Our own are started later, and say themselves what is wrong.
        if not endpoint.socket and (reason := unreachable(endpoint)):
            yield endpoint, reason


def server_notices() -> Iterator[str]:
    """Tool servers that failed when they were last asked."""
    for server in Server.objects.filter(enabled=True).exclude(last_error="").order_by("slug"):
        about = {"server": server.slug, "reason": server.last_error}
        yield gettext("the tool server %(server)s failed: %(reason)s") % about


def security_notices() -> Iterator[str]:
    """Settings that are dangerous outside a test, and a missing superuser."""
    if config.security.debug:
        yield gettext("DEBUG is on: error pages show code and settings")
    if not config.security.rate_limits_enabled:
        yield gettext("RATE_LIMITS_ENABLED is off")
    yield from transport_notices()
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        yield gettext("nobody is a superuser: manage.py createsuperuser makes one")


def transport_notices() -> Iterator[str]:
    """Passwords that travel in the clear, and a proxy that is not believed."""
    security = config.security
    if security.https and not security.trusted_proxies:
        yield gettext(
            "HTTPS is on without TRUSTED_PROXIES: requests of the TLS proxy look like plain HTTP"
        )
    elif not security.https and not is_loopback(config.api.host):
        yield gettext(
            "HTTPS is off and HOST is %(host)s: passwords and keys travel in the clear"
        ) % {"host": config.api.host}


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect."""
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost"


def require_address(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with closing(socket.socket(family, kind, protocol)) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen()
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartupRefused(
            f"cannot listen on {host}:{port} ({reason.lower()}): set HOST and PORT, or stop the "
            "program that uses them"
        ) from error


def require_files(*folders: Path) -> None:
    """Refuse folders that cannot be written, and a full disk."""
    for folder in folders:
        require_folder(folder)
        require_space(folder)
