"""A WebSocket client for tests that leaves the product's connection handling alone."""

from __future__ import annotations

from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator

from youworker.tests.support.waiting import PATIENCE_SECONDS


class Socket(WebsocketCommunicator):
    """Channels' own patches the closing of connections away, which real ones depend on.

    It also gives everything a second, which on a busy machine says nothing about the product: here
    whatever has to come is waited for as everywhere.
    """

    async def send_input(self, message: Any) -> None:
        await ApplicationCommunicator.send_input(self, message)  # type: ignore[no-untyped-call]

    async def receive_output(self, timeout: float = 0) -> Any:  # noqa: ASYNC109
        return await ApplicationCommunicator.receive_output(self, PATIENCE_SECONDS)  # type: ignore[no-untyped-call]

    async def wait(self, timeout: float = 0) -> None:  # noqa: ASYNC109
        await ApplicationCommunicator.wait(self, PATIENCE_SECONDS)  # type: ignore[no-untyped-call]
