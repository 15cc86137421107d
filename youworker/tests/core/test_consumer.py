"""Closing sockets from our side."""

import asyncio

import pytest

from youworker.core.realtime import consumer, revocation
from youworker.core.realtime.consumer import BaseConsumer
from youworker.core.realtime.revocation import CloseReason, Condition, RevocationPoller
from youworker.tests.support.waiting import PATIENCE_SECONDS


class Unread(BaseConsumer):
    """A socket whose client reads nothing: what is sent to it waits for ever."""

    def __init__(self):
        super().__init__()
        self.spawned = set()
        self.sending, self.closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def send(self, text_data=None, bytes_data=None, close=False):  # noqa: FBT002 -- theirs
        self.sending.set()
        await asyncio.Event().wait()

    async def close(self, code=None, reason=None):
        self.closed.set_result(code)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(revocation, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(consumer, "PING_SECONDS", 0)


async def test_a_ping_that_nobody_reads_does_not_keep_a_socket_open():
    there = {"access"}
    socket = Unread()
    condition = Condition(RevocationPoller(lambda _: there), "access", CloseReason.ACCESS_ENDED)
    serving = socket.spawn(socket.serve_until_closed(condition))
    other = socket.spawn(asyncio.Event().wait())

    async with asyncio.timeout(PATIENCE_SECONDS):
        await socket.sending.wait()
        there.clear()
        code = await socket.closed
        await asyncio.wait({serving, other})

    assert (code, type(code)) == (4401, int)  # autobahn takes nothing that is like a number
    assert other.cancelled()
