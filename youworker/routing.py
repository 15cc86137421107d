"""Every WebSocket route of the product."""

from channels.routing import URLRouter

from accounts.sockets import SocketAuthentication
from chat.routing import websocket_urlpatterns as chat_sockets
from ingestion.routing import websocket_urlpatterns as ingestion_sockets
from youworker.common.correlation import CorrelationASGI
from youworker.common.origin import OriginASGI

routes = URLRouter([*chat_sockets, *ingestion_sockets])
websockets = CorrelationASGI(OriginASGI(SocketAuthentication(routes)))
