"""The web process as it really runs: a child process on a port of its own."""

import http.client
import signal
import time
from contextlib import closing

import pytest
from django.core.exceptions import RequestAborted
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from youworker.server.handler import Handler
from youworker.server.requests import CHUNK_BYTES, BodyQueue
from youworker.tests.serving import KEY, START_SECONDS, ask, speak, start
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


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


def test_a_crash_in_the_middle_is_no_end_and_leaves_the_server_alone(port):
    request = b"GET /crash-late HTTP/1.1\r\nHost: localhost\r\n\r\n"

    first, second = speak(port, request), speak(port, request)

    assert first.endswith(b"half\r\n")
    assert second.endswith(b"half\r\n")
    assert ask(port, "/crash")[0] == 500


def test_a_large_body_arrives_whole(port):
    _status, _headers, body = ask(port, body=b"x" * 900_000, **KEY)

    assert body == b"900000 14"


def test_a_body_that_announces_too_much_is_refused(port):
    status, headers, body = ask(port, body=b"xx", **KEY, **{"Content-Length": "2000000"})

    assert status == 413
    assert headers["x-correlation-id"]
    assert b"too_large" in body


def test_the_end_cancels_streams_lets_them_save_and_closes_what_work_needs_after_it():
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
    closed = [word for word in output.split() if word in {"work", "worked", "in-vain", "writer"}]
    assert "saved" in output
    assert closed == ["work", "worked", "writer"]


def test_threads_that_wait_for_the_loop_do_not_hold_up_the_end():
    port = free_port()
    process = start(port)
    wait_until(lambda: ask(port, "/thread")[0] == 200, despite=(OSError,))
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert output.count("broken-off") == 6


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
        pieces = [await queue() for _ in range(4)]

    assert [len(piece.get("body", b"")) for piece in pieces] == [CHUNK_BYTES, CHUNK_BYTES, 0, 0]
    assert [piece.get("more_body") for piece in pieces] == [True, True, False, None]


async def test_django_reads_the_body_where_it_lies(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"x" * CHUNK_BYTES)
    with path.open("rb") as content:
        queue = BodyQueue(content)
        queue.put_nowait({"type": "http.disconnect"})

        body = await Handler().read_body(queue)

        assert body is content
        assert (await queue())["type"] == "http.disconnect"


async def test_a_body_that_somebody_has_begun_to_read_is_copied(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"x" * (CHUNK_BYTES + 1))
    with path.open("rb") as content:
        queue = BodyQueue(content)
        first = (await queue())["body"]

        with await Handler().read_body(queue) as rest:
            assert (len(first), rest.read()) == (CHUNK_BYTES, b"x")


async def test_the_body_of_a_client_who_left_is_not_read(tmp_path):
    path = tmp_path / "body"
    path.touch()
    with path.open("rb") as content:
        queue = BodyQueue(content)
    queue.put_nowait({"type": "http.disconnect"})

    with pytest.raises(RequestAborted):
        await Handler().read_body(queue)
