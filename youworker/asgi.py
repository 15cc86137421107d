"""The web process: HTTP by Django, WebSockets by Channels."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")

import django
from django.conf import settings

from youworker.core.config import config

# Only here: a pool in a process that forks (the worker) would share its sockets.
options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["pool"] = {
    "min_size": 2,
    "max_size": config.database.pool_size,
    "timeout": config.database.connect_timeout,
}

settings.CELERY_BROKER_TRANSPORT_OPTIONS.update(settings.IMPATIENT_BROKER_OPTIONS)

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries

from chat.toolhost.endpoint import ToolHost
from youworker.core.network import ProxyHeadersMiddleware
from youworker.core.request_context import CorrelationASGI, OriginASGI
from youworker.routing import websockets
from youworker.server.access_middleware import AccessMiddleware
from youworker.server.handler import Handler
from youworker.server.request_lines import RequestLinesASGI

# The handler leaves a thread clean; doing it again at the start costs a change of threads.
request_started.disconnect(close_old_connections)
request_started.disconnect(reset_queries)


def build_tool_host() -> Any:
    """What other hosts are offered; its library is imported with the first of their messages."""
    from chat.toolhost.building import lowlevel_server  # noqa: PLC0415 -- see above

    return lowlevel_server("youworker")


TOOL_HOST = {"/mcp", "/mcp/"}
views = Handler()
tool_host = CorrelationASGI(OriginASGI(RequestLinesASGI(ToolHost(build_tool_host), "mcp")))


async def serve_http(scope: Any, receive: Any, send: Any) -> None:
    """Answer by a view, or at one address by the protocol of tools."""
    inner = tool_host if scope["path"] in TOOL_HOST else views
    await inner(scope, receive, send)


served = ProtocolTypeRouter({"http": serve_http, "websocket": websockets})
application = ProxyHeadersMiddleware(AccessMiddleware(served))
