"""Connections of the event loop itself, for the client of model servers.

The client's own, by AnyIO, stops and starts reading for each piece, makes scopes for it and takes
room for 256 KiB: at one token a piece that is half of what reading an answer costs. Here a piece is
a callback into memory that is kept.
"""

from __future__ import annotations

import asyncio
import select
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import httpcore2

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Iterable, Iterator

    import httpx2

# Bytes that are taken from the system at a time.
PIECE = 16_384
# Bytes that wait to be read before the server has to wait.
MOST_AHEAD = 262_144
# Until another address of a name is tried beside the first one.
NEXT_ADDRESS_SECONDS = 0.25


def connect_by_loop(client: httpx2.AsyncClient) -> None:
    """Let a client connect by the event loop; proxies of the environment stay as they are.

    A transport of its own would let the client forget them, and takes no backend either.
    """
    client._transport._pool._network_backend = LoopBackend()  # type: ignore[attr-defined]  # noqa: SLF001


class Incoming(asyncio.BufferedProtocol):
    """What a connection brings, until it is read; a full one holds its server up."""

    def __init__(self) -> None:
        self.piece = memoryview(bytearray(PIECE))
        self.buffer = bytearray()
        self.is_over = False
        self.failure: Exception | None = None
        self.transport: asyncio.Transport | None = None
        self.reader: asyncio.Future[None] | None = None
        self.writer: asyncio.Future[None] | None = None
        self.is_held = False
        self.is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self.transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self.piece

    def buffer_updated(self, nbytes: int) -> None:
        """Keep what came."""
        self.buffer += self.piece[:nbytes]
        if len(self.buffer) > MOST_AHEAD and not self.is_held and self.transport:
            self.is_held = True
            self.transport.pause_reading()
        wake(self.reader)

    def eof_received(self) -> bool:
        """Note that nothing follows; the connection is closed."""
        self.is_over = True
        wake(self.reader)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing follows, and why."""
        self.is_over, self.failure, self.transport = True, self.failure or exc, None
        wake(self.reader)
        wake(self.writer)

    def give_up(self) -> None:
        """Let nothing more be read; what came so far may not pass for all that there is."""
        self.buffer.clear()
        self.is_over, self.failure = True, ConnectionAbortedError("the connection was closed here")
        wake(self.reader)
        wake(self.writer)

    def pause_writing(self) -> None:
        """Note that the server reads too slowly."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        self.is_full = False
        wake(self.writer)

    async def read(self, most: int) -> bytes:
        """The next bytes, none at the end; raises `OSError` for a connection that was lost."""
        if not self.buffer and not self.is_over:
            self.reader = asyncio.get_running_loop().create_future()
            await self.reader
        if not self.buffer and self.failure:
            raise self.failure
        data = bytes(self.buffer[:most])
        del self.buffer[:most]
        if self.is_held and len(self.buffer) < MOST_AHEAD and self.transport:
            self.is_held = False
            self.transport.resume_reading()
        return data

    async def wait_for_room(self) -> None:
        """Wait until more may be written; raises `OSError` for a connection that was lost."""
        if self.is_full and not self.is_over:
            self.writer = asyncio.get_running_loop().create_future()
            await self.writer
        if self.failure:
            raise self.failure


def wake(waiting: asyncio.Future[None] | None) -> None:
    """Let go on who waits."""
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


class LoopStream(httpcore2.AsyncNetworkStream):
    """One connection."""

    def __init__(
        self, transport: asyncio.Transport, incoming: Incoming, wire: asyncio.Transport
    ) -> None:
        self.transport, self.incoming = transport, incoming
        # What carries an encrypted connection; otherwise the same.
        self.wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """The next bytes, none at the end."""
        with told(httpcore2.ReadTimeout, httpcore2.ReadError):
            async with asyncio.timeout(timeout):
                return await self.incoming.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send bytes, or keep them until the server takes them."""
        with told(httpcore2.WriteTimeout, httpcore2.WriteError):
            # One that failed over a write takes all until the loop has its turn and tells of it.
            if self.incoming.is_over or self.wire.is_closing():
                raise ConnectionResetError("the server closed the connection")
            self.transport.write(buffer)
            async with asyncio.timeout(timeout):
                await self.incoming.wait_for_room()

    async def aclose(self) -> None:
        """Close the connection now, whatever is still to be sent."""
        self.incoming.give_up()
        self.transport.close()
        try:
            # What closes politely has its turn; a server that reads nothing is not waited for.
            await asyncio.sleep(0)
        finally:
            # Python 3.11 fails over one that was lost meanwhile.
            if self.incoming.transport:
                self.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> LoopStream:
        """The same connection, encrypted from here on."""
        loop = asyncio.get_running_loop()
        with told(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self.transport, self.incoming, ssl_context, server_hostname=server_hostname
                )
            if transport is None:
                raise ConnectionResetError("the server closed the connection")
        self.incoming.transport = transport
        return LoopStream(transport, self.incoming, self.wire)

    def get_extra_info(self, info: str) -> Any:
        """What the client asks about a connection; None for what is not known."""
        names = {"client_addr": "sockname", "server_addr": "peername"}
        if info == "is_readable":
            return self.is_readable()
        return self.transport.get_extra_info(names.get(info, info))

    def is_readable(self) -> bool:
        """Whether something came, or the end, though nothing is awaited."""
        incoming, socket = self.incoming, self.transport.get_extra_info("socket")
        if incoming.is_over or incoming.buffer or socket is None or socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))


class LoopBackend(httpcore2.AsyncNetworkBackend):
    """Connects by the running event loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> LoopStream:
        """A connection to the first address of a name that answers."""
        local = (local_address, 0) if local_address else None
        loop = asyncio.get_running_loop()
        connection = loop.create_connection(
            Incoming, host, port, local_addr=local, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS
        )
        return await open_stream(connection, timeout, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> LoopStream:
        """A connection to a process of this machine."""
        loop = asyncio.get_running_loop()
        connection = loop.create_unix_connection(Incoming, path)
        return await open_stream(connection, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


async def open_stream(
    connection: Awaitable[tuple[Any, Incoming]],
    seconds: float | None,
    options: Iterable[Any] | None,
) -> LoopStream:
    """The stream of a connection that is being made."""
    with told(httpcore2.ConnectTimeout, httpcore2.ConnectError):
        async with asyncio.timeout(seconds):
            transport, incoming = await connection
        for option in options or ():
            transport.get_extra_info("socket").setsockopt(*option)
    return LoopStream(transport, incoming, transport)


@contextmanager
def told(late: type[Exception], lost: type[Exception]) -> Iterator[None]:
    """Say what goes wrong in the client's words."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except (OSError, UnicodeError) as error:
        # A name whose parts are too long or empty cannot even be asked for.
        raise lost(str(error)) from error
