"""Every WebSocket route of the product."""

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from accounts.sockets import SocketAuthentication
from chat.routing import websocket_urlpatterns as chat_sockets
from ingestion.routing import websocket_urlpatterns as ingestion_sockets
from youworker.core.realtime.consumer import deny_handshake
from youworker.core.request_context import CorrelationASGI, OriginASGI


async def refuse_unknown_path(scope: Any, receive: Any, send: Any) -> None:
    """Answer 404 where there is no socket."""
    await deny_handshake(send, 404)


nowhere = re_path("", refuse_unknown_path)  # type: ignore[arg-type]
routes = URLRouter([*chat_sockets, *ingestion_sockets, nowhere])
websockets = CorrelationASGI(OriginASGI(SocketAuthentication(routes)))
