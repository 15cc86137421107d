"""`python -m youworker.speech.engine.server SOCKET MEMORY_MB`: one for all processes of a machine.

A connection is greeted and carries one request; its frames are described in `wire` and `work`. The
libraries are loaded when they are first needed. With a third argument the process ends with its
standard input.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from youworker.core.sockets import serve_for_ever
from youworker.speech.engine.exceptions import BROKEN, BUSY, Trouble
from youworker.speech.engine.wire import LONGEST_FRAME, packed, unpacked

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

BACKLOG = 64
# Says that a connection has reached somebody who lives.
GREETING = b"here"
# Each holds a request in memory.
MOST_CONNECTIONS = 48

places = threading.BoundedSemaphore(MOST_CONNECTIONS)


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


def main(path: str, memory_mb: int, *, with_parent: bool) -> None:
    """Serve until a signal ends the process, or its parent when it lives with that."""
    from youworker.speech.engine.work import clock  # noqa: PLC0415 -- after the limits

    confine(memory_mb * 2**20)
    threading.Thread(target=clock.watch, daemon=True).start()
    if with_parent:
        threading.Thread(target=end_with_parent, daemon=True).start()
    serve_for_ever(Path(path), serve, backlog=BACKLOG)


def confine(memory: int) -> None:
    """Limit memory in bytes and forbid core dumps, which would have what people said."""
    # Not the address space: libraries reserve far more of it than they touch.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_with_parent() -> None:
    """End as soon as whoever started this process is gone."""
    sys.stdin.buffer.read()
    os._exit(0)


def serve(connection: Connection) -> None:
    """Answer the one request of a connection."""
    with closing(connection), suppress(EOFError, OSError, Abandoned):
        connection.send_bytes(GREETING)
        if not places.acquire(blocking=False):
            connection.send_bytes(packed({"error": BUSY, "detail": ""}))
            return
        try:
            answer(connection)
        finally:
            places.release()


def answer(connection: Connection) -> None:
    """Send the frames of an answer as they are made; an error ends them."""
    from youworker.speech.engine.work import answer as work_on  # noqa: PLC0415 -- see `main`

    def goes_on() -> None:
        # A caller says nothing after its request: what can be read is the end.
        if connection.poll():
            raise Abandoned

    head, payload = unpacked(connection.recv_bytes(LONGEST_FRAME))
    try:
        with closing(work_on(head, payload, goes_on)) as frames:
            for made, data in frames:
                connection.send_bytes(packed(made, data))
    except Trouble as trouble:
        connection.send_bytes(packed({"error": trouble.code, "detail": trouble.detail}))
    except (EOFError, OSError, Abandoned):
        raise
    # Whatever it was, it must not end the work of others, and words do not belong in logs.
    except Exception as error:  # noqa: BLE001
        print(f"speech failed: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201
        connection.send_bytes(packed({"error": BROKEN, "detail": type(error).__name__}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), with_parent=len(sys.argv) > 3)  # noqa: PLR2004
