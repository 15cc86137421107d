"""What the embedded servers have in common: there is never a second, and each is ended whole."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import psutil
from psycopg.pq import Ping

from youworker.appliance.embedded.exceptions import NotReady, StartupRefused
from youworker.appliance.embedded.locks import ServerLock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A start takes a second; longer ones, such as a recovery, are waited for by looking again.
LAUNCH_SECONDS = 20
POLL_SECONDS = 0.02
# Also a server whose memory is swapped out answers within this.
LONGEST_SILENCE = 60.0


class EmbeddedServer(ABC):
    """One server of one data directory."""

    name: ClassVar[str]
    # Signals that end it, and the seconds each is given.
    ending: ClassVar[Sequence[tuple[signal.Signals, float]]]
    # Whether it may be replaced beneath its clients when it is silent for too long.
    is_expendable: ClassVar[bool]

    def __init__(self, data_dir: Path, sockets: Path) -> None:
        self.sockets = sockets
        self.log = data_dir / f"{self.name.lower()}.log"
        self.lock = ServerLock(data_dir / f"{self.name.lower()}.lock")
        self.silent_since = 0.0
        # Set when nobody waits for a start any more.
        self.given_up = threading.Event()

    @abstractmethod
    def ping(self) -> Ping:
        """Whether it serves, refuses to serve just now, or is silent; takes some seconds."""

    @abstractmethod
    def find_unlocked(self) -> psutil.Process | None:
        """The running server if one without the lock started it: a version before this one."""

    @abstractmethod
    def prepare(self) -> dict[str, Any]:
        """What the new process is started with; called when the old one is certainly gone."""

    @abstractmethod
    def why_it_ended(self) -> str:
        """The reason of a failed start."""

    def find_leaders(self, processes: list[psutil.Process]) -> list[psutil.Process]:
        """Those of its processes that end the others."""
        return processes

    def is_alive(self) -> bool:
        """Whether any of its processes runs."""
        return self.lock.is_held() or self.find_unlocked() is not None

    def find_processes(self) -> list[psutil.Process]:
        """Those of its processes that run."""
        if found := self.lock.find_holders():
            return found
        unlocked = self.find_unlocked()
        return [unlocked] if unlocked else []

    def ensure_running(self) -> None:
        """Start it unless it is alive; raises `NotReady` while it is alive and does not serve."""
        answer = self.ping()
        if answer is not Ping.OK and self.is_alive():
            self.wait_or_end(answer)
        self.silent_since = 0.0
        if answer is not Ping.OK:
            self.launch()

    def wait_or_end(self, answer: Ping) -> None:
        """Return once a living server is ended; raise `NotReady` while it has time to answer."""
        if answer is Ping.REJECT:
            self.silent_since = 0.0
            raise NotReady(f"{self.name} takes no connections just now", busy=True)
        now = time.monotonic()
        self.silent_since = self.silent_since or now
        if not self.is_expendable or now - self.silent_since < LONGEST_SILENCE:
            numbers = ", ".join(
                str(process.pid) for process in self.find_leaders(self.find_processes())
            )
            raise NotReady(f"{self.name} (process {numbers}) is alive, but does not answer")
        self.stop()

    def launch(self) -> None:
        """Start it and wait until it serves; whoever holds its lock is never joined by a second."""
        with self.lock.try_acquire() as descriptor:
            if descriptor is None:
                raise NotReady(f"{self.name} is being started")
            options = self.prepare()
            with self.log.open("ab") as output:
                process = subprocess.Popen(
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    pass_fds=[descriptor],
                    **options,
                )
        try:
            self.wait_until_ready(process)
        finally:
            # It outlives this process, so nobody here waits for its end.
            process.returncode = process.returncode or 0

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return when a new process serves."""
        deadline = time.monotonic() + LAUNCH_SECONDS
        while (answer := self.ping()) is not Ping.OK:
            if process.poll() is not None:
                raise StartupRefused(f"{self.name} did not start: {self.why_it_ended()}")
            if self.given_up.is_set() or time.monotonic() > deadline:
                raise NotReady(f"{self.name} needs long to start", busy=answer is Ping.REJECT)
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End all its processes, politely first; raises `StartupRefused` when one is left."""
        for number, seconds in self.ending:
            processes = self.find_processes()
            for process in processes if number == signal.SIGKILL else self.find_leaders(processes):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
                    # One that was stopped would hear of the other signal never.
                    process.send_signal(signal.SIGCONT)
            if self.wait_until_gone(seconds):
                return
        raise StartupRefused(f"{self.name} cannot be ended")

    def wait_until_gone(self, seconds: float) -> bool:
        """Whether none of its processes is left after a while."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True
