"""Lines for the terminal, written by a thread so that a reader who stops cannot stop us."""

from __future__ import annotations

import os
import queue
import sys
import threading
from contextlib import suppress
from typing import TextIO

WAITING_LINES = 20_000
END_SECONDS = 1.0


class Output:
    """Takes lines from everybody; drops them, and says so, while nobody reads."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.lines: queue.Queue[str | None] = queue.Queue(WAITING_LINES)
        self.dropped = 0
        self.thread = threading.Thread(target=self.write_all, daemon=True)
        self.thread.start()

    def write_line(self, line: str) -> None:
        """Put out one line of our own."""
        try:
            self.lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def write_all(self) -> None:
        """Write until told to end; a closed terminal ends only the writing."""
        while (line := self.lines.get()) is not None:
            lost, self.dropped = self.dropped, 0
            if lost:
                line = f"{line}\n({lost} lines were dropped, because nobody read them)"
            try:
                self.stream.write(line + "\n")
                self.stream.flush()
            except OSError:
                self.give_up()
            except ValueError:
                return  # The stream was closed.

    def give_up(self) -> None:
        """Write to nowhere from now on; what is buffered must not fail at the exit again."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)

    def close(self) -> None:
        """Write what is left, for a moment."""
        with suppress(queue.Full):
            self.lines.put_nowait(None)
        self.thread.join(END_SECONDS)
