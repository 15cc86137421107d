"""The life of a process that serves a model file: wait until it can be loaded, load, serve."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from youworker.appliance.model_files.loading import (
    LoadFailed,
    last_trouble,
    load_file,
    pass_on_technical_lines,
)
from youworker.appliance.model_files.obstacles import find_obstacle, window_for
from youworker.upstream.model_files.state import State, StateFile, Status

if TYPE_CHECKING:
    from youworker.upstream.model_files.files import ModelFile

LOOK_SECONDS = 3.0
# Loads in a row that ended the process; further ones would end it, too, and cost the others.
MOST_CRASHES = 3
# After that long a file that failed is tried again, for the trouble may have been the machine's.
REST_SECONDS = 600.0


class Program:
    """Serves one model file."""

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self.state_file = StateFile(file.state_path)
        self.state = State(Status.WAITING)
        self.said = ""

    def run(self) -> int:
        """Serve until a signal ends the process; the number is its exit status."""
        # Python's handlers would wait until a file is loaded; there is nothing to put in order.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.take_turn()
        self.judge_the_last()
        while True:
            self.wait_for_file()
            if self.serve():
                return 0

    def take_turn(self) -> None:
        """Wait while another process serves the same file for this installation."""
        while not self.state_file.take():
            self.say(f"another process serves {self.file.path} already")
            time.sleep(LOOK_SECONDS)

    def judge_the_last(self) -> None:
        """Count what the process before did not survive; rest after too much of it."""
        last = self.state_file.read()
        crashes = last.crashes + 1 if last.status == Status.LOADING else 0
        self.state = State(Status.WAITING, crashes=crashes)
        # What the last one said is not true of this one.
        self.tell(Status.WAITING)
        if crashes >= MOST_CRASHES:
            trouble = last_trouble(self.file)
            reason = f"llama.cpp crashed {crashes} times in a row while it loaded {self.file.path}"
            self.wait_for_change(f"{reason}: {trouble}" if trouble else reason)
            self.state = State(Status.LOADING)

    def wait_for_file(self) -> None:
        """Return when nothing is in the way of loading the file."""
        while reason := find_obstacle(self.file):
            self.tell(Status.WAITING, reason)
            time.sleep(LOOK_SECONDS)

    def serve(self) -> bool:
        """Load the file and serve it for ever; false when it cannot be loaded, after a rest."""
        self.tell(Status.LOADING)
        start = time.monotonic()
        try:
            server = load_file(self.file)
        except LoadFailed as error:
            self.wait_for_change(str(error))
            return False
        seconds, window = round(time.monotonic() - start, 2), window_for(self.file)
        self.state = replace(self.state, crashes=0, context_tokens=window, load_seconds=seconds)
        self.tell(Status.SERVING)
        self.say(f"{self.file.name} serves {window} tokens, loaded in {seconds:.1f} s")
        pass_on_technical_lines()
        signal.pause()
        del server
        return True

    def wait_for_change(self, reason: str) -> None:
        """Say why the file fails, and wait until there is another one, or for a while."""
        self.tell(Status.FAILED, reason)
        before, deadline = self.version(), time.monotonic() + REST_SECONDS
        while self.version() == before and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def version(self) -> tuple[int, int, int] | None:
        """What changes when the file is replaced."""
        with suppress(OSError):
            found = self.file.path.stat()
            return found.st_ino, found.st_size, found.st_mtime_ns
        return None

    def tell(self, status: Status, reason: str = "") -> None:
        """Write down how it goes; a reason is said once in the log as well."""
        self.state = replace(self.state, status=status, reason=reason, pid=os.getpid())
        self.state_file.write(self.state)
        if reason:
            self.say(reason)

    def say(self, line: str) -> None:
        """Put a line into the log, unless it is the one before."""
        if line != self.said:
            print(line, flush=True)  # noqa: T201 -- the supervisor reads it
            self.said = line
