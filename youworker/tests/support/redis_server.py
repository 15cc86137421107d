"""A Redis of a test's own, which can be killed, stopped and started again empty."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import redis

from youworker.appliance.embedded.redis import binary

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 30


class RedisServer:
    """One server process on a Unix socket; what it holds ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run the server, and return when it answers."""
        command = [binary(), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise TimeoutError("Redis did not start")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether the server serves."""
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """End the server at once."""
        if self.process is not None:
            # A stopped process ends, too.
            self.process.kill()
            self.process.wait()
            self.process = None
            self.socket.unlink(missing_ok=True)

    def silence(self) -> None:
        """Let connections open and nothing be answered."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
