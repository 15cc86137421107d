"""Child processes: started, watched, restarted with back-off, and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

STOP_SECONDS = 7.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# A child that ran this long was well; its next death starts the back-off anew.
WELL_AFTER_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
LINE_LIMIT = 2**20


def die_with_parent() -> None:
    """Ask Linux to end this child when its parent is killed; runs between fork and exec."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process that has to run."""

    name: str
    command: Sequence[str]
    process: asyncio.subprocess.Process | None = None
    pause: float = FIRST_PAUSE_SECONDS
    output: set[asyncio.Task[None]] = field(default_factory=set)


class Supervisor:
    """Keeps children running until it is told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Start everything and return when everything has ended."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        watchers = [asyncio.create_task(self.keep_running(child)) for child in self.children]
        try:
            await self.stopping.wait()
        finally:
            await self.end_all()
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    def stop(self) -> None:
        """End everything; asked twice, at once."""
        if self.stopping.is_set():
            for child in self.children:
                signal_group(child, signal.SIGKILL)
        self.stopping.set()

    async def keep_running(self, child: Child) -> None:
        """Start a child, and again whenever it dies."""
        while not self.stopping.is_set():
            started = time.monotonic()
            code = await self.run_once(child)
            if self.stopping.is_set():
                return
            if time.monotonic() - started > WELL_AFTER_SECONDS:
                child.pause = FIRST_PAUSE_SECONDS
            say(f"{child.name} ended with {code}, starting it again in {child.pause:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), child.pause)
            child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)

    async def run_once(self, child: Child) -> int:
        """Run a child to its end, passing its lines on; its exit code."""
        child.process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
            limit=LINE_LIMIT,
        )
        reader = asyncio.create_task(pass_on(child))
        child.output.add(reader)
        reader.add_done_callback(child.output.discard)
        return await child.process.wait()

    async def end_all(self) -> None:
        """Ask all children to end, then make them."""
        for child in self.children:
            signal_group(child, signal.SIGTERM, leader_only=True)
        waiting = [child.process.wait() for child in self.children if child.process]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*waiting), STOP_SECONDS)
        for child in self.children:
            # Also what a child left behind in its group.
            signal_group(child, signal.SIGKILL)
            if child.process:
                await child.process.wait()


def signal_group(child: Child, number: signal.Signals, *, leader_only: bool = False) -> None:
    """Signal a child, and all processes of its group unless only the leader is meant."""
    if child.process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        if leader_only:
            child.process.send_signal(number)
        else:
            os.killpg(child.process.pid, number)


async def pass_on(child: Child) -> None:
    """Print a child's lines with its name."""
    stream = child.process.stdout if child.process else None
    while stream is not None:
        try:
            line = await stream.readline()
        except ValueError:
            continue  # A line beyond the limit is dropped.
        if not line:
            return
        sys.stdout.write(f"{child.name:<6} | {line.decode(errors='replace').rstrip()}\n")
        sys.stdout.flush()


def say(text: str) -> None:
    """Print a line of the supervisor's own."""
    sys.stdout.write(f"up     | {text}\n")
    sys.stdout.flush()
