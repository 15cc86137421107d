"""One child process that is kept running."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from signal import Signals
from typing import IO, TYPE_CHECKING

from youworker.core.config import BASE_DIR

if TYPE_CHECKING:
    from youworker.appliance.output import Output

PR_SET_PDEATHSIG = 1
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
POLL_SECONDS = 0.05
LONGEST_LINE = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Ask the kernel to kill this new process when the supervisor is gone."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@dataclass
class Child:
    """A command, restarted with growing pauses whenever it ends by itself."""

    name: str
    command: list[str]
    output: Output
    environment: dict[str, str] = field(default_factory=dict)
    # Others need it until they have ended; itself it has nothing to put in order.
    is_needed_by_others: bool = False
    process: subprocess.Popen[bytes] | None = None
    stopping: bool = False

    async def keep_running(self) -> None:
        """Start the command again and again until `stopping`."""
        pause = FIRST_PAUSE
        while not self.stopping:
            started = time.monotonic()
            await self.run_once()
            if self.stopping:
                return
            if time.monotonic() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE
            self.output.write_line(f"youworker: {self.name} ended, next start in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def run_once(self) -> None:
        """Start the command, pass its lines on, and wait for its end."""
        if self.process is None or self.process.poll() is not None:
            self.process = self.start()
        reader = threading.Thread(target=self.pass_on, args=[self.process.stdout], daemon=True)
        reader.start()
        try:
            # asyncio's own subprocesses end only when grandchildren let go of the pipe, too.
            while self.process.poll() is None:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self.signal_group(signal.SIGKILL)
            await asyncio.to_thread(reader.join, 1)

    def start_early(self) -> None:
        """Start the command before `keep_running`, which takes it over."""
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command in a group of its own.

        Ctrl-C then reaches the supervisor alone, which ends things in order.
        """
        return subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 -- one system call, which takes no lock
        )

    def pass_on(self, lines: IO[bytes]) -> None:
        """Put the name before every line."""
        with lines:
            while line := lines.readline(LONGEST_LINE):
                text = line.decode(errors="replace").rstrip("\n")
                self.output.write_line(f"{self.name:<6} | {text}")

    def signal(self, number: Signals) -> None:
        """Signal the process itself."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def signal_group(self, number: Signals) -> None:
        """Signal the process and everything it started."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End the process at once, if it runs, and wait until it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.signal_group(signal.SIGKILL)
            self.process.wait()
