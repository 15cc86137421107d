"""What WebSocket clients may send, on real connections."""

import socket
import time
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from youworker.core.db import run_in_thread
from youworker.routing import websockets
from youworker.tests.serving import ask, serving, speak
from youworker.tests.support.sockets import Socket
from youworker.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
)
SECRET = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
# Masked with zeros.
PING = bytes([0x89, 0x80, 0, 0, 0, 0])
TEXT = bytes([0x81, 0x81, 0, 0, 0, 0]) + b"x"


def url(port, path="/"):
    return f"ws://127.0.0.1:{port}{path}"


def test_pieces_of_a_message_are_added_up(port):
    with (
        connect(url(port), max_size=None) as client,
        pytest.raises(ConnectionClosedError) as closed,
    ):
        client.send("x" * MIB for _ in range(14))
        client.recv(timeout=10)

    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize(
    ("path", "code"),
    [("/close/1008", 1008), ("/close/1009", 1009), ("/close/4401", 4401), ("/crash/later", 1011)],
)
def test_an_open_connection_is_closed_with_the_code_of_the_application(port, path, code):
    with connect(url(port, path)) as client, pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=10)

    assert closed.value.rcvd.code == code


def test_compression_is_not_offered(port):
    with connect(url(port), compression="deflate") as client:
        client.send("x" * 1000)

        assert client.recv() == "1000"
        assert "Sec-WebSocket-Extensions" not in client.response.headers


def test_a_packed_frame_is_an_error(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(HANDSHAKE + SECRET + b"\r\n")
        assert b" 101 " in client.recv(4096).split(b"\r\n")[0]
        # A text frame with the bit of permessage-deflate, masked with zeros.
        client.sendall(bytes([0xC1, 0x85, 0, 0, 0, 0]) + b"hello")
        answer = client.recv(4096)

    assert answer[:1] == b"\x88"
    assert int.from_bytes(answer[2:4], "big") == 1002


@pytest.mark.parametrize(
    "frame", [bytes([0x89, 0x80, 0, 0, 0, 0]), bytes([0x81, 0x81, 0, 0, 0, 0, 0x78])]
)
def test_a_flood_of_frames_ends_the_connection_and_nobody_else_waits(port, frame):
    with connect(url(port)) as other:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(HANDSHAKE + SECRET + b"\r\n")
            assert b" 101 " in client.recv(4096).split(b"\r\n")[0]
            received = b""
            try:
                client.sendall(frame * 20_000)
                while piece := client.recv(65536):
                    received += piece
            except ConnectionError:
                pass
        other.send("still here")

        assert other.recv(timeout=10) == "10"
    assert received == b"" or b"\x88" in received
    assert ask(port)[0] == 200


def test_frames_one_after_another_are_no_flood(port):
    with connect(url(port)) as client:
        for n in range(1, 60):
            client.send("x" * n)
        lengths = [client.recv(timeout=10) for _ in range(1, 60)]

    assert lengths == [str(n) for n in range(1, 60)]


def test_a_message_in_countless_pieces_is_a_flood(port):
    with connect(url(port)) as client, pytest.raises(ConnectionClosed):
        client.send("" for _ in range(1000))
        client.recv(timeout=10)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (HANDSHAKE, 400),
        (HANDSHAKE.replace(b"13", b"12") + SECRET, 400),
        (HANDSHAKE.replace(b"GET", b"POST") + SECRET, 405),
        (HANDSHAKE + SECRET + SECRET, 400),
        (HANDSHAKE.replace(b"localhost", b"evil.example") + SECRET, 400),
        (HANDSHAKE + SECRET + b"X: " + b"a" * 40_000 + b"\r\n", 431),
    ],
)
def test_a_broken_handshake_is_refused_in_the_shape_of_the_api(port, head, status):
    answer = speak(port, head + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"X-Correlation-ID: " in answer
    assert b"nosniff" in answer
    assert b'"client_error"' in answer
    assert b"utobahn" not in answer


def test_no_answer_names_the_server(port):
    with connect(url(port)) as client:
        assert "Server" not in client.response.headers


@contextmanager
def unread(port, path):
    """A connection whose client reads the handshake and nothing else."""
    with socket.socket() as client:
        # The kernel would take some MiB into its buffers otherwise.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(60)
        client.connect(("127.0.0.1", port))
        client.sendall(HANDSHAKE.replace(b"GET /", b"GET " + path) + SECRET + b"\r\n")
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert b" 101 " in answer
        yield client


def number(port, path):
    return int(ask(port, path)[2].split()[0])


def test_an_application_waits_for_a_socket_that_does_not_read(port):
    before = number(port, "/frames")
    with unread(port, b"/flood") as client:
        # Each asks for everything from the start.
        for _ in range(200):
            client.sendall(TEXT)
            time.sleep(0.012)
        sent = number(port, "/frames") - before
        # What was held back comes when it is read.
        received, wanted = 0, (sent + 50) * 65536
        while received < wanted:
            received += len(client.recv(1 << 20))
    wait_until(lambda: number(port, "/flooding") == 0)

    assert sent < 200


def test_a_socket_that_does_not_read_is_closed_when_its_time_has_come():
    # Who reads would have ten minutes for an answer.
    with serving(CLOSING_SECONDS="600") as port, unread(port, b"/flood/close") as client:
        wait_until(lambda: number(port, "/frames") > 0)

        wait_until(lambda: number(port, "/flooding") == 0)

        with suppress(ConnectionError):
            while client.recv(1 << 20):
                pass


def test_pings_that_are_not_read_are_not_answered(port):
    with unread(port, b"/flood") as client:
        time.sleep(0.5)
        for _ in range(200):
            client.sendall(PING)
            time.sleep(0.012)
        received = b""
        while len(received) < 8 * MIB:
            received += client.recv(1 << 20)

    # They would stand between two frames of 65,536 bytes.
    pongs = received.count(bytes([0x8A, 0x00, 0x81, 0x7F]))
    assert pongs < 10


def test_who_says_goodbye_without_reading_is_let_go(port):
    with unread(port, b"/flood") as client:
        wait_until(lambda: number(port, "/flooding") == 1)
        time.sleep(0.5)
        client.sendall(bytes([0x88, 0x80, 0, 0, 0, 0]))

        wait_until(lambda: number(port, "/flooding") == 0)


@pytest.mark.django_db(transaction=True)
async def test_there_is_no_socket_where_there_is_no_route():
    user = await run_in_thread(UserFactory)
    _key, secret = await run_in_thread(create_api_key, user, name="k", scopes=["chat"], actor=user)
    with_key = [(b"authorization", f"Bearer {secret}".encode())]
    answers = []
    for path, headers in (("/ws/nowhere", with_key), ("/", with_key), ("/ws/nowhere", [])):
        client = Socket(websockets, path, headers=headers)
        await client.send_input({"type": "websocket.connect"})
        answers.append((await client.receive_output())["status"])
        await client.wait()

    assert answers == [404, 404, 401]
