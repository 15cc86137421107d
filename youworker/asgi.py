"""The web process: HTTP by Django, WebSockets by Channels."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

from youworker.common.config import config

# Only here: a pool in a process that forks (the worker) would share its sockets.
options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["pool"] = {
    "min_size": 2,
    "max_size": config.database.pool_size,
    "timeout": config.database.connect_timeout,
}

settings.CELERY_BROKER_TRANSPORT_OPTIONS.update(settings.IMPATIENT_BROKER_OPTIONS)

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter

from youworker.common.peers import TrustedPeers
from youworker.routing import websockets
from youworker.web.gate import Gate

application = TrustedPeers(Gate(ProtocolTypeRouter({"http": http, "websocket": websockets})))
