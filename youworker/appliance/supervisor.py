"""Runs the children, says when the product is ready, and ends it all in order."""

from __future__ import annotations

import asyncio
import http.client
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from youworker.appliance.embedded import StartupRefused, ensure_running, stop_waiting
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from youworker.appliance.child import Child
    from youworker.appliance.output import Output

GUARD_SECONDS = 2.0
READY_SECONDS = 0.1
ECHO_SECONDS = 0.5
HEAD_START_SECONDS = 5.0
# An idle Celery worker takes three seconds to end.
GENTLE_SECONDS = 4.5
COLD_SECONDS = 2.0
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Keeps the children running until a signal."""

    def __init__(
        self, children: Sequence[Child], output: Output, *, host: str, port: int, name: str
    ) -> None:
        self.children = children
        self.output = output
        self.host = host
        self.port = port
        self.name = name
        self.first_signal = 0.0
        self.asked_to_end = asyncio.Event()
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Work until a signal; on return no child is left."""
        loop = asyncio.get_running_loop()
        for number in END_SIGNALS:
            loop.add_signal_handler(number, self.end_or_kill)
        running = [
            asyncio.create_task(self.keep_running(child, first=child is self.children[0]))
            for child in self.children
        ]
        helpers = [asyncio.create_task(self.watch_servers()), asyncio.create_task(self.announce())]
        try:
            await self.asked_to_end.wait()
        finally:
            for helper in helpers:
                helper.cancel()
            await self.end(running)

    async def keep_running(self, child: Child, *, first: bool) -> None:
        """Run one child; the first one gets the processors for itself until it is ready."""
        if not first:
            with suppress(asyncio.TimeoutError):
                async with asyncio.timeout(HEAD_START_SECONDS):
                    await self.ready.wait()
        await child.keep_running()

    def end_or_kill(self) -> None:
        """Begin the end; a second signal cuts it short."""
        now = time.monotonic()
        # One keystroke, or one `timeout`, often sends the same signal twice.
        again = now - self.first_signal > ECHO_SECONDS
        if self.asked_to_end.is_set() and not again:
            return
        if self.asked_to_end.is_set():
            self.output.write_line("youworker: killing")
            for child in self.children:
                child.signal_group(signal.SIGKILL)
        else:
            self.output.write_line("youworker: stopping")
            self.first_signal = now
        self.asked_to_end.set()

    async def end(self, running: list[asyncio.Task[None]]) -> None:
        """Ask politely, then firmly, then kill; what others need ends after them."""
        pairs = list(zip(self.children, running, strict=True))
        for child, task in pairs:
            child.stopping = True
            # Children that wait for their restart have nothing to end.
            if child.process is None or child.process.poll() is not None:
                task.cancel()
        await self.end_gently([pair for pair in pairs if not pair[0].is_needed_by_others])
        for child, task in pairs:
            if not task.done():
                child.signal_group(signal.SIGKILL)
        await asyncio.gather(*running, return_exceptions=True)

    async def end_gently(self, pairs: list[tuple[Child, asyncio.Task[None]]]) -> None:
        """Give children the time to end by themselves."""
        for child, _task in pairs:
            child.signal(signal.SIGTERM)
        tasks = [task for _child, task in pairs]
        # The second signal of Celery: leave the tasks, their rows are taken over later.
        if await wait_for_unfinished(tasks, GENTLE_SECONDS + config.api.drain_seconds):
            for child, _task in pairs:
                child.signal(signal.SIGQUIT)
            await wait_for_unfinished(tasks, COLD_SECONDS)

    async def watch_servers(self) -> None:
        """Bring an embedded server back that died; say once what is wrong with one."""
        said = ""
        try:
            while True:
                await asyncio.sleep(GUARD_SECONDS)
                trouble = await asyncio.to_thread(trouble_of_servers)
                if trouble != said:
                    self.output.write_line(
                        f"youworker: {trouble or 'the servers of the data serve again'}"
                    )
                    said = trouble
        finally:
            # The thread is waited for at the end of this process.
            stop_waiting()

    async def announce(self) -> None:
        """Print the ready line once the web process says that it is."""
        while not await asyncio.to_thread(self.is_ready):  # noqa: ASYNC110
            await asyncio.sleep(READY_SECONDS)
        self.ready.set()
        self.output.write_line(f"ready http://{bracketed(self.host)}:{self.port}")

    def is_ready(self) -> bool:
        """Whether `/health/ready` answers 200."""
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(self.host, self.host)  # noqa: S104
        connection = http.client.HTTPConnection(reachable.strip("[]"), self.port, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/health/ready", headers={"Host": self.name})
            return connection.getresponse().status == http.client.OK
        return False


def trouble_of_servers() -> str:
    """Look after the embedded servers; what is wrong with them, empty for nothing."""
    try:
        ensure_running()
    except (StartupRefused, OSError) as error:
        return str(error)
    return ""


async def wait_for_unfinished(tasks: list[asyncio.Task[None]], seconds: float) -> bool:
    """Whether any of the tasks still runs after a while."""
    _done, pending = await asyncio.wait(tasks, timeout=seconds)
    return bool(pending)


def bracketed(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host.strip('[]')}]" if ":" in host else host
