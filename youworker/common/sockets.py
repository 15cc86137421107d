"""What every WebSocket edge shares: refusing a handshake with an HTTP status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from youworker.common import audit
from youworker.common.db import in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES = {401: "not_authenticated", 403: "permission_denied"}


async def deny(send: Any, status: int, *, scope: Mapping[str, Any] | None = None) -> None:
    """Refuse the handshake with an HTTP status (ASGI's `websocket.http.response`).

    With the scope of the connection, a denial is audited.
    """
    if scope is not None and status in CODES:
        await in_thread(note_denial, scope, status)
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


def note_denial(scope: Mapping[str, Any], status: int) -> None:
    """Audit a refused handshake. A path that leads nowhere is not repeated: anybody chose it."""
    route = "/".join(scope["path"].split("/")[:3]) if "url_route" in scope else "ws"
    code = CODES[status]
    audit.record_denied(scope.get("user"), route=route, method="ws", status=status, code=code)
