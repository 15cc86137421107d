"""Connections of the event loop, against servers that keep to nothing."""

import asyncio
import hashlib
import os
import socket
import ssl
import struct
from contextlib import asynccontextmanager

import httpcore2
import pytest

from youworker.core.per_loop import close_all
from youworker.tests.support.outside_servers import make_certificate
from youworker.tests.support.raw_server import listening
from youworker.tests.support.waiting import PATIENCE_SECONDS
from youworker.upstream.client import LONGEST, async_client
from youworker.upstream.endpoint import Endpoint
from youworker.upstream.network import MOST_AHEAD, LoopBackend, LoopStream

HEAD_END = b"\r\n\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with a certificate for the loopback interface and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    make_certificate(folder)
    return folder


@pytest.fixture
def serving_tls(certificate):
    """What a server of TLS needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "tls_certificate", certificate / "tls_key")
    return context


@asynccontextmanager
async def connected(handle, *, tls=None):
    """A stream to a server that handles its connection so."""
    async with listening(handle, tls=tls) as port:
        stream = await LoopBackend().connect_tcp("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            yield stream
        finally:
            await stream.aclose()


async def read_all(stream):
    """Whatever comes until the end."""
    pieces = []
    while piece := await stream.read(65_536, timeout=PATIENCE_SECONDS):
        pieces.append(piece)
    return b"".join(pieces)


def reset(writer):
    """End a connection as a server does that dies."""
    reset_at_close(writer.get_extra_info("socket"))
    writer.transport.abort()


def reset_at_close(connection):
    """Let the other side of a socket be told that its connection is lost, instead of the end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def answer_each(reader, writer):
    """Answer one request after the other with nothing."""
    while await reader.readuntil(HEAD_END):
        writer.write(EMPTY)


async def stay(_reader, _writer):
    """Say nothing, and read nothing."""
    await asyncio.Event().wait()


# Who connects so


async def ended(stream):
    """Come back when the server has closed a connection."""
    while not stream.get_extra_info("is_readable"):  # noqa: ASYNC110 -- what is tried is a poll
        await asyncio.sleep(0)


async def stream_of(client, url):
    """The connection over which a client gets a page."""
    async with client.stream("GET", url, extensions={LONGEST: 1000}) as response:
        await response.aread()
        return response.extensions["network_stream"]


@pytest.mark.parametrize("is_guarded", [False, True])
async def test_model_servers_are_reached_by_the_loop(is_guarded):
    async with listening(answer_each) as port:
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", is_guarded=is_guarded)
        stream = await stream_of(async_client(endpoint), endpoint.url)
        await close_all()

    assert isinstance(stream, LoopStream)


async def test_processes_of_the_machine_are_reached_by_the_loop(tmp_path):
    async def answer_and_close(reader, writer):
        await reader.readuntil(HEAD_END)
        writer.write(EMPTY)
        writer.close()
        await writer.wait_closed()
        is_closed.set()

    is_closed = asyncio.Event()
    path = str(tmp_path / "s")
    async with await asyncio.start_unix_server(answer_and_close, path):
        endpoint = Endpoint("http://localhost/v1", socket=path)
        stream = await stream_of(async_client(endpoint), endpoint.url)
        await close_all()
        await is_closed.wait()

    assert isinstance(stream, LoopStream)


async def test_a_proxy_of_the_environment_is_still_used(monkeypatch):
    asked = []

    async def answer_for(reader, writer):
        asked.append(await reader.readuntil(HEAD_END))
        writer.write(EMPTY)

    async with listening(answer_for) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        url = "http://models.example/v1"
        await stream_of(async_client(Endpoint(url)), url)
        await close_all()

    assert asked[0].startswith(b"GET http://models.example/v1 HTTP/1.1")


async def test_a_connection_is_used_again():
    async with listening(answer_each) as port:
        url = f"http://127.0.0.1:{port}"
        client = async_client(Endpoint(url))
        streams = [await stream_of(client, url) for _ in range(3)]
        await close_all()

    assert len(set(map(id, streams))) == 1


async def test_a_connection_that_its_server_closed_is_not_used_again():
    async def answer_once(reader, writer):
        await reader.readuntil(HEAD_END)
        writer.write(EMPTY)
        await writer.drain()

    async with listening(answer_once) as port:
        url = f"http://127.0.0.1:{port}"
        client = async_client(Endpoint(url))
        first = await stream_of(client, url)
        await ended(first)
        second = await stream_of(client, url)
        await close_all()

    assert first is not second


async def test_an_end_is_known_before_the_loop_has_seen_it():
    closing = asyncio.Event()

    async def close_when_told(_reader, writer):
        await closing.wait()
        writer.transport.abort()

    async with connected(close_when_told) as stream:
        assert not stream.get_extra_info("is_readable")
        closing.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        # Nothing was awaited that lets the loop read.
        assert stream.get_extra_info("is_readable")


# What comes


async def test_what_comes_in_odd_pieces_is_read_as_it_was_sent():
    sent = os.urandom(3_000_000)

    async def send(_reader, writer):
        at, size = 0, 1
        while at < len(sent):
            writer.write(sent[at : at + size])
            await writer.drain()
            at, size = at + size, size * 3 % 200_003

    async with connected(send) as stream:
        read = await read_all(stream)

    assert hashlib.sha256(read).digest() == hashlib.sha256(sent).digest()


async def test_no_more_is_given_than_was_asked_for():
    async def send(_reader, writer):
        writer.write(b"abcdef")
        await writer.drain()

    async with connected(send) as stream:
        pieces = [await stream.read(4, timeout=PATIENCE_SECONDS) for _ in range(3)]

    assert b"".join(pieces) == b"abcdef"
    assert max(map(len, pieces)) <= 4


async def test_a_server_that_sends_too_much_has_to_wait():
    sent, piece = 0, bytes(65_536)

    async def send(_reader, writer):
        nonlocal sent
        # Little of the room of the system, which is not what is tried.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        while sent < 200 * len(piece):
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    async with connected(send) as stream:
        before = -1
        while before < sent:
            before = sent
            await asyncio.sleep(0.1)
        ahead, kept = sent, len(stream.incoming.buffer)
        read = await read_all(stream)

    assert ahead < 200 * len(piece)
    assert kept <= 2 * MOST_AHEAD
    assert len(read) == sent == 200 * len(piece)


async def test_what_was_sent_before_the_end_is_read_after_it():
    async def send_too_much_and_end(_reader, writer):
        writer.write(bytes(MOST_AHEAD * 4))

    async with connected(send_too_much_and_end) as stream:
        await asyncio.sleep(0.05)
        assert len(await read_all(stream)) == MOST_AHEAD * 4
        assert await stream.read(1, timeout=PATIENCE_SECONDS) == b""


async def test_a_server_that_says_nothing_is_waited_for_so_long():
    going_on = asyncio.Event()

    async def send_late(_reader, writer):
        await going_on.wait()
        writer.write(b"late")
        await writer.drain()

    async with connected(send_late) as stream:
        with pytest.raises(httpcore2.ReadTimeout):
            await stream.read(10, timeout=0.01)
        going_on.set()
        # Whoever gives up may come again.
        assert await stream.read(10, timeout=PATIENCE_SECONDS) == b"late"


async def test_a_connection_that_is_reset_is_an_error():
    async def send_and_die(reader, writer):
        await reader.readexactly(1)
        reset(writer)

    async with connected(send_and_die) as stream:
        await stream.write(b"x", timeout=PATIENCE_SECONDS)
        with pytest.raises(httpcore2.ReadError):
            await stream.read(10, timeout=PATIENCE_SECONDS)


async def test_what_is_closed_here_is_not_taken_for_the_end():
    async with connected(stay) as stream:
        waiting = asyncio.create_task(stream.read(10))
        await asyncio.sleep(0)
        await stream.aclose()
        with pytest.raises(httpcore2.ReadError):
            await waiting
        with pytest.raises(httpcore2.ReadError):
            await stream.read(10, timeout=PATIENCE_SECONDS)
        with pytest.raises(httpcore2.WriteError):
            await stream.write(b"x", timeout=PATIENCE_SECONDS)


# What goes


async def test_a_server_that_reads_nothing_is_given_up_and_left_at_once():
    async with connected(stay) as stream:
        with pytest.raises(httpcore2.WriteTimeout):
            while True:
                await stream.write(bytes(1_000_000), timeout=0.05)
        await stream.aclose()

        assert stream.transport.is_closing()
        assert stream.transport.get_write_buffer_size() == 0


async def test_a_server_that_reads_slowly_gets_everything():
    sent = os.urandom(5_000_000)
    got = hashlib.sha256()

    async def read_slowly(reader, _writer):
        at = 0
        while at < len(sent):
            piece = await reader.read(100_000)
            got.update(piece)
            at += len(piece)
            await asyncio.sleep(0)
        all_read.set()

    all_read = asyncio.Event()
    async with connected(read_slowly) as stream:
        for at in range(0, len(sent), 500_000):
            await stream.write(sent[at : at + 500_000], timeout=PATIENCE_SECONDS)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await all_read.wait()

    assert got.digest() == hashlib.sha256(sent).digest()


async def test_nothing_is_sent_over_a_connection_that_is_lost():
    async def die(_reader, writer):
        reset(writer)

    async with connected(die) as stream:
        with pytest.raises(httpcore2.WriteError):
            while True:
                await stream.write(b"x" * 1000, timeout=PATIENCE_SECONDS)
                await asyncio.sleep(0.001)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_who_never_waits_is_told_of_the_end(encrypted, certificate, serving_tls):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        stream = await LoopBackend().connect_tcp("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        peer, _ = server.accept()
        if encrypted:
            wrapped = asyncio.to_thread(serving_tls.wrap_socket, peer, server_side=True)
            secure = stream.start_tls(trusting(certificate), "127.0.0.1", PATIENCE_SECONDS)
            peer, stream = await asyncio.gather(wrapped, secure)
        reset_at_close(peer)
        peer.close()

        # Less than makes anybody wait: the loop gets no turn to tell of the end.
        with pytest.raises(httpcore2.WriteError):
            for _ in range(10):
                await stream.write(b"x", timeout=PATIENCE_SECONDS)
        await stream.aclose()


async def test_who_waits_for_room_is_told_of_the_end():
    async def die_later(_reader, writer):
        await asyncio.sleep(0.05)
        reset(writer)

    async with connected(die_later) as stream:
        with pytest.raises(httpcore2.WriteError):
            while True:
                await stream.write(bytes(1_000_000), timeout=PATIENCE_SECONDS)


async def test_a_refusal_is_read_though_the_question_was_not_taken():
    async def refuse(reader, writer):
        await reader.readuntil(HEAD_END)
        writer.write(
            b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlong"
        )
        await writer.drain()
        writer.write_eof()
        while await reader.read(65_536):
            pass

    async with listening(refuse) as port:
        url = f"http://127.0.0.1:{port}"
        response = await async_client(Endpoint(url)).post(
            url, content=bytes(20_000_000), extensions={LONGEST: 1000}
        )
        await close_all()

    assert (response.status_code, response.text) == (413, "long")


async def test_a_connection_is_given_up_though_its_owner_is_cancelled():
    async with connected(stay) as stream:
        with pytest.raises(httpcore2.WriteTimeout):
            while True:
                await stream.write(bytes(1_000_000), timeout=0.05)
        closing = asyncio.create_task(stream.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

        assert stream.transport.get_write_buffer_size() == 0


# Where to


async def test_nobody_at_an_address_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(httpcore2.ConnectError):
        await LoopBackend().connect_tcp("127.0.0.1", port, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("host", ["x" * 64 + ".example", "nowhere.invalid", "a..b", "ü.invalid"])
async def test_a_name_that_is_none_is_an_error(host):
    with pytest.raises(httpcore2.ConnectError):
        await LoopBackend().connect_tcp(host, 80, timeout=PATIENCE_SECONDS)


async def test_the_next_address_of_a_name_is_tried(monkeypatch):
    async with listening(stay) as port:
        loop = asyncio.get_running_loop()

        async def two_addresses(_host, port, **_more):
            found = [("127.0.0.2", port), ("127.0.0.1", port)]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in found]

        monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
        stream = await LoopBackend().connect_tcp("two.example", port, timeout=PATIENCE_SECONDS)
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
        await stream.aclose()


async def test_no_process_at_a_socket_is_an_error(tmp_path):
    with pytest.raises(httpcore2.ConnectError):
        await LoopBackend().connect_unix_socket(str(tmp_path / "none"), timeout=PATIENCE_SECONDS)


async def test_options_of_sockets_are_set():
    option = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    async with listening(stay) as port:
        stream = await LoopBackend().connect_tcp("127.0.0.1", port, socket_options=[option])
        assert stream.get_extra_info("socket").getsockopt(*option[:2])
        await stream.aclose()


# Encrypted


def trusting(certificate):
    return ssl.create_default_context(cafile=certificate / "tls_certificate")


async def test_an_encrypted_connection_carries_everything_both_ways(certificate, serving_tls):
    sent = os.urandom(2_000_000)

    async def echo(reader, writer):
        writer.write(await reader.readexactly(len(sent)))
        await writer.drain()

    async with connected(echo, tls=serving_tls) as plain:
        stream = await plain.start_tls(trusting(certificate), "127.0.0.1", PATIENCE_SECONDS)
        await stream.write(sent, timeout=PATIENCE_SECONDS)
        assert await read_all(stream) == sent
        assert stream.get_extra_info("ssl_object").version().startswith("TLS")
        await stream.aclose()


async def test_a_certificate_that_nobody_trusts_is_an_error(serving_tls):
    async with connected(stay, tls=serving_tls) as plain:
        with pytest.raises(httpcore2.ConnectError, match="self-signed"):
            await plain.start_tls(ssl.create_default_context(), "127.0.0.1", PATIENCE_SECONDS)


async def test_a_certificate_of_somebody_else_is_an_error(certificate, serving_tls):
    async with connected(stay, tls=serving_tls) as plain:
        with pytest.raises(httpcore2.ConnectError, match="not valid for"):
            await plain.start_tls(trusting(certificate), "other.example", PATIENCE_SECONDS)


async def test_a_server_that_does_not_encrypt_is_an_error(certificate):
    async def say_something(reader, writer):
        await reader.read(1)
        writer.write(EMPTY)
        await writer.drain()

    async with connected(say_something) as plain:
        with pytest.raises(httpcore2.ConnectError):
            await plain.start_tls(trusting(certificate), "127.0.0.1", PATIENCE_SECONDS)


async def test_a_server_that_never_encrypts_is_waited_for_so_long(certificate):
    async with connected(stay) as plain:
        with pytest.raises(httpcore2.ConnectTimeout):
            await plain.start_tls(trusting(certificate), "127.0.0.1", 0.05)
        assert plain.transport.is_closing()


async def test_an_encrypted_server_that_reads_nothing_is_left_at_once(certificate, serving_tls):
    async with connected(stay, tls=serving_tls) as plain:
        stream = await plain.start_tls(trusting(certificate), "127.0.0.1", PATIENCE_SECONDS)
        with pytest.raises(httpcore2.WriteTimeout):
            while True:
                await stream.write(bytes(1_000_000), timeout=0.05)
        await stream.aclose()

        assert plain.transport.is_closing()
        assert plain.transport.get_write_buffer_size() == 0


async def test_an_encrypted_answer_that_is_reset_is_an_error(certificate, serving_tls):
    async def send_and_die(reader, writer):
        await reader.readexactly(1)
        reset(writer)

    async with connected(send_and_die, tls=serving_tls) as plain:
        stream = await plain.start_tls(trusting(certificate), "127.0.0.1", PATIENCE_SECONDS)
        await stream.write(b"x", timeout=PATIENCE_SECONDS)
        with pytest.raises(httpcore2.ReadError):
            await stream.read(10, timeout=PATIENCE_SECONDS)
