"""A proxy before a server that can hang, and be away, when a test wants it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 65_536


class Proxy:
    """Passes bytes between its own TCP port and a server, until told otherwise."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.flowing = threading.Event()
        self.flowing.set()
        self.is_away = False
        self.sockets: list[socket.socket] = []
        # Whoever cuts connections sees each whole: none is just being made.
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.accept, name="proxy", daemon=True)
        self.thread.start()

    def hang(self) -> None:
        """Pass nothing on, in either direction, on any connection."""
        self.flowing.clear()

    def leave(self) -> None:
        """Cut all connections, and those that come."""
        with self.lock:
            self.is_away = True
        self.cut()

    def come_back(self) -> None:
        """Pass on what was held, and accept connections again."""
        self.is_away = False
        self.flowing.set()

    def cut(self) -> None:
        """Close all connections."""
        with self.lock:
            cut, self.sockets = self.sockets, []
        for each in cut:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """Stop for good."""
        # A thread that accepts goes on when only its socket is closed.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.flowing.set()
        self.thread.join()
        self.cut()

    def accept(self) -> None:
        """Give every connection one of its own to the server."""
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if self.is_away:
                    near.close()
                    continue
                far = self.dial()
                self.sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def dial(self) -> socket.socket:
        """A connection to the server."""
        if isinstance(self.target, tuple):
            return socket.create_connection(self.target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.target)
        return far

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Pass bytes on until one side closes."""
        with suppress(OSError):
            while piece := source.recv(PIECE):
                self.flowing.wait()
                sink.sendall(piece)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(target: str | tuple[str, int]) -> Iterator[Proxy]:
    """A proxy before a server, given by its Unix socket or its address."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
