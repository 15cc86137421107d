"""The web process as it really runs: a child process on a port of its own."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from youworker.common.config import BASE_DIR
from youworker.web.requests import CHUNK_BYTES, BodyQueue

pytestmark = pytest.mark.slow
START_SECONDS = 60
# An application that is simpler than ours, in front of the same server.
PROGRAM = """
import asyncio, sys
from youworker.web.server import WebServer
from youworker.server import endpoint
from youworker.common.sockets import deny

async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        if scope["path"].startswith("/deny/"):
            await deny(send, int(scope["path"][6:]))
            return
        if scope["path"] == "/crash":
            raise RuntimeError("secret")
        assert scope["extensions"] == {"websocket.http.response": {}}
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(len(message["text"]))})
        return
    size, pieces = 0, 0
    while True:
        message = await receive()
        size, pieces = size + len(message["body"]), pieces + 1
        if not message["more_body"]:
            break
    if scope["path"] == "/crash":
        raise RuntimeError("secret")
    stream = scope["path"] == "/stream"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        for n in range(1000 if stream else 0):
            await send({"type": "http.response.body", "body": b"data\\n", "more_body": True})
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        print("saved", flush=True)
        raise
    await send({"type": "http.response.body", "body": f"{size} {pieces}".encode()})

server = WebServer(application, endpoint("127.0.0.1", int(sys.argv[1])))
server.run()
sys.exit(1 if server.failed else 0)
"""


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def start(port):
    environment = {**os.environ, "INGESTION_MAX_UPLOAD_BYTES": "1000000"}
    environment["API_MAX_BODY_BYTES"] = "1000000"
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def port():
    chosen = free_port()
    process = start(chosen)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", chosen)) == 0:
                break
        time.sleep(0.05)
    yield chosen
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def ask(port, path="/", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, received, answer.read()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_handshake_has_the_status_that_was_asked_for(port, status):
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"ws://127.0.0.1:{port}/deny/{status}")

    response = refusal.value.response
    assert response.status_code == status
    assert response.headers["X-Correlation-ID"]
    assert b'"client_error"' in response.body
    assert "Server" not in response.headers


def test_a_crash_before_accepting_is_a_500_without_details(port):
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"ws://127.0.0.1:{port}/crash")

    assert refusal.value.response.status_code == 500
    assert b"secret" not in refusal.value.response.body


def test_frames_up_to_twelve_megabytes_arrive_and_larger_ones_close_with_1009(port):
    with connect(f"ws://127.0.0.1:{port}/", max_size=None) as client:
        client.send("x" * (11 * 1024 * 1024))
        assert client.recv() == str(11 * 1024 * 1024)

        client.send("x" * (13 * 1024 * 1024))
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(timeout=10)

    assert closed.value.rcvd.code == 1009


def test_a_crash_is_a_500_in_our_shape_without_the_servers_name(port):
    status, headers, body = ask(port, "/crash", **{"X-Correlation-ID": "abc"})

    assert status == 500
    assert headers["x-correlation-id"] == "abc"
    assert b'"server_error"' in body
    assert b"secret" not in body
    assert "server" not in headers
    assert b"aphne" not in body


def test_a_large_body_arrives_whole(port):
    _status, _headers, body = ask(port, body=b"x" * 900_000)

    assert body == b"900000 14"


def test_a_body_that_announces_too_much_is_refused(port):
    status, headers, body = ask(port, body=b"xx", **{"Content-Length": "2000000"})

    assert status == 413
    assert headers["x-correlation-id"]
    assert b"too_large" in body


def test_a_body_that_grows_too_large_is_refused(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        answer = b""
        try:
            for _ in range(40):
                client.sendall(chunk)
            answer = client.recv(200)
        except ConnectionError:
            answer = client.recv(200)

    assert answer.startswith(b"HTTP/1.1 413")


def test_the_end_cancels_streams_and_lets_them_save():
    port = free_port()
    process = start(port)
    deadline = time.monotonic() + START_SECONDS
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while time.monotonic() < deadline:
        try:
            connection.request("GET", "/stream")
            break
        except ConnectionError:
            connection.close()
            time.sleep(0.1)
    with closing(connection), closing(connection.getresponse()) as answer:
        first = answer.read(5)
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        output, _ = process.communicate(timeout=20)

    assert first == b"data\n"
    assert process.returncode == 0
    assert time.monotonic() - started < 8
    assert "saved" in output


def test_an_address_in_use_is_an_exit_code(port):
    second = start(port)
    second.communicate(timeout=START_SECONDS)

    assert second.returncode == 1


async def test_a_body_is_read_piece_by_piece(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"x" * (2 * CHUNK_BYTES))
    with path.open("rb") as content:
        queue = BodyQueue(content)
        queue.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        queue.put_nowait({"type": "http.disconnect"})
        pieces = [await queue.get() for _ in range(4)]

    assert [len(piece.get("body", b"")) for piece in pieces] == [CHUNK_BYTES, CHUNK_BYTES, 0, 0]
    assert [piece.get("more_body") for piece in pieces] == [True, True, False, None]
