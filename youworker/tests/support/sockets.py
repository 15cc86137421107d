"""A WebSocket client for tests that leaves the product's connection handling alone."""

from __future__ import annotations

from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator


class Socket(WebsocketCommunicator):
    """Channels' own patches the closing of connections away, which real ones depend on."""

    async def send_input(self, message: Any) -> None:
        await ApplicationCommunicator.send_input(self, message)  # type: ignore[no-untyped-call]

    async def receive_output(self, timeout: float = 5) -> Any:  # noqa: ASYNC109
        return await ApplicationCommunicator.receive_output(self, timeout)  # type: ignore[no-untyped-call]
