"""One child process that is kept running."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from signal import Signals
from typing import TYPE_CHECKING

from youworker.common.config import BASE_DIR

if TYPE_CHECKING:
    from youworker.processes.output import Output

PR_SET_PDEATHSIG = 1
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
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
    process: asyncio.subprocess.Process | None = None
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
            self.output.say(f"youworker: {self.name} ended, next start in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def run_once(self) -> None:
        """Start the command, pass its lines on, and wait for its end."""
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            limit=LONGEST_LINE,
            # A group of its own: Ctrl-C reaches the supervisor alone, which ends things in order.
            process_group=0,
            preexec_fn=die_with_parent,
        )
        reader = asyncio.create_task(self.pass_on(self.process.stdout))
        try:
            await self.process.wait()
        finally:
            # Grandchildren may hold the pipe open for longer.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reader, 1)
            self.signal_group(signal.SIGKILL)

    async def pass_on(self, lines: asyncio.StreamReader | None) -> None:
        """Put the name before every line."""
        while lines is not None:
            try:
                line = await lines.readline()
            except ValueError:
                continue  # An endless line was cut by the reader's limit.
            if not line:
                return
            text = line.decode(errors="replace").rstrip("\n")
            self.output.say(f"{self.name:<6} | {text}")

    def signal(self, number: Signals) -> None:
        """Signal the process itself."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def signal_group(self, number: Signals) -> None:
        """Signal the process and everything it started."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
