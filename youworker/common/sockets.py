"""What every WebSocket edge shares: refusing a handshake with an HTTP status."""

from __future__ import annotations

from typing import Any


async def deny(send: Any, status: int) -> None:
    """Refuse the handshake with an HTTP status (ASGI's `websocket.http.response`)."""
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
