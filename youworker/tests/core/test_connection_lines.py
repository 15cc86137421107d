"""The line of a WebSocket: who, where, how long, how much and why; nothing of the frames."""

import logging
from uuid import uuid4

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.exceptions import StopConsumer

from youworker.core.realtime.consumer import BaseConsumer, deny_handshake
from youworker.core.realtime.revocation import CloseReason
from youworker.tests.support.waiting import wait_until_async

SESSION, USER = uuid4(), uuid4()
CANARY = "canary-7f3a"


class Echo(BaseConsumer):
    """Says everything twice; closes, refuses or breaks down when it is told to."""

    channel_layer_alias = "none"

    async def connect(self):
        if "refused" in self.scope["path"]:
            await deny_handshake(self.base_send, 404)
            raise StopConsumer
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        if text_data == "close":
            await self.close_for(CloseReason.ACCESS_ENDED)
        elif text_data == "break":
            raise ValueError(CANARY)
        else:
            await self.send(text_data=text_data)
            await self.send(bytes_data=b"again")


def opened():
    scope = {
        "type": "websocket",
        "path": f"/ws/chat/{SESSION}",
        "query_string": f"ticket={CANARY}".encode(),
        "headers": [(b"cookie", CANARY.encode())],
        "user": type("Somebody", (), {"pk": USER, "username": CANARY}),
        "url_route": {"args": (), "kwargs": {"session_id": SESSION}},
    }
    return ApplicationCommunicator(Echo.as_asgi(), scope)


async def held_with(socket, *frames):
    """Say something, and read every answer."""
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output())["type"] == "websocket.accept"
    for frame in frames:
        await socket.send_input({"type": "websocket.receive", "text": frame})
        first = await socket.receive_output()
        if first["type"] == "websocket.send":
            await socket.receive_output()


def line_in(caplog):
    [record] = [one for one in caplog.records if one.name == "youworker.sockets"]
    assert record.levelno == logging.INFO
    assert CANARY not in str(record.__dict__)
    assert record.route == "ws/chat/<session_id>"
    assert (record.session_id, record.user_id) == (str(SESSION), str(USER))
    assert record.duration_ms >= 0
    return record


@pytest.fixture(autouse=True)
def _told(caplog):
    caplog.set_level(logging.INFO, "youworker.sockets")


async def test_a_client_that_leaves(caplog):
    socket = opened()
    await held_with(socket, CANARY, "more")
    await socket.send_input({"type": "websocket.disconnect", "code": 1001})
    await socket.wait()

    line = line_in(caplog)
    assert (line.code, line.frames_in, line.frames_out) == (1001, 2, 4)
    assert not hasattr(line, "status")


async def test_a_client_that_vanishes_without_a_code(caplog):
    socket = opened()
    await held_with(socket)
    await socket.send_input({"type": "websocket.disconnect", "code": None})
    await socket.wait()

    assert line_in(caplog).code == 1006


async def test_whoever_closes_first_says_why(caplog):
    socket = opened()
    await held_with(socket, "x", "close")
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait()

    line = line_in(caplog)
    assert (line.code, line.frames_in, line.frames_out) == (CloseReason.ACCESS_ENDED, 2, 2)


async def test_a_mistake_of_ours(caplog):
    socket = opened()
    await held_with(socket, "break")
    await socket.wait()

    assert line_in(caplog).code == CloseReason.INTERNAL_ERROR


async def test_the_end_of_the_server(caplog):
    socket = opened()
    await held_with(socket, "x")
    socket.stop(exceptions=False)
    await wait_until_async(lambda: "socket" in caplog.messages)

    assert line_in(caplog).code == 1006


async def test_a_refusal_has_a_status_instead_of_a_code(caplog):
    refused_scope = {
        "type": "websocket",
        "path": f"/ws/refused/{SESSION}",
        "headers": [],
        "url_route": {"args": (), "kwargs": {"session_id": SESSION}},
    }
    refused = ApplicationCommunicator(Echo.as_asgi(), refused_scope)
    await refused.send_input({"type": "websocket.connect"})
    assert (await refused.receive_output())["status"] == 404
    await refused.wait()

    [line] = [one for one in caplog.records if one.name == "youworker.sockets"]
    assert (line.route, line.status) == ("ws/refused/<session_id>", 404)
    assert not hasattr(line, "code")
    assert not hasattr(line, "user_id")
