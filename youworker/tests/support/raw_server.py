"""A server of a test's own, which answers with whatever bytes it likes and leaves nothing open."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handle, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on the loopback interface that lets `handle` answer each connection; its port.

    At the end whatever is still being answered is cancelled: a connection that is left to the
    garbage collector fails whichever test runs by then.
    """
    connections = dict[asyncio.StreamWriter, asyncio.Task[None]]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            # The other end went away.
            pass
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections[writer] = asyncio.create_task(answer(reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in connections.values():
            task.cancel()
        failures = await asyncio.gather(*connections.values(), return_exceptions=True)
        for writer in connections:
            # Python 3.11 fails over one that sent its last bytes after it was closed.
            with suppress(AttributeError):
                writer.transport.abort()
        closing = (writer.wait_closed() for writer in connections)
        await asyncio.gather(*closing, return_exceptions=True)
        for failure in failures:
            if isinstance(failure, Exception):
                raise failure
