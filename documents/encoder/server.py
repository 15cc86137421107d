"""`python -m documents.encoder.server SOCKET`: the local models for all processes of a machine.

A frame is a JSON list `[model, dimensions, texts]`, or `[model, dimensions, question, prompt]`; it
is answered by the vectors, as float32 one after the other, or by nothing when the model cannot do
it. The libraries are loaded at the first frame. Questions, and frames of a single text, go before
all others.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from youworker.core.sockets import serve_for_ever

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from documents.encoder.model import LocalEmbedder

# Connections that wait to be taken: each thread of each process may have one.
BACKLOG = 64
loading = threading.Lock()
# The longest that one batch waits for questions, in seconds: should they never end, bulk work
# still gets on.
LONGEST_WAIT = 0.5


class Precedence:
    """Lets single texts go before batches of many, which wait between two steps of the model."""

    def __init__(self) -> None:
        self.urgent = 0
        self.changed = threading.Condition()
        # A small batch does not fill several cores, and more of them than there are cores would
        # only be in the way of a question: half the speed with one, a fourfold wait with eight.
        self.cores = threading.BoundedSemaphore(os.cpu_count() or 1)

    @contextmanager
    def go_first(self) -> Iterator[None]:
        """Hold up the batches of others meanwhile."""
        with self.changed:
            self.urgent += 1
        try:
            yield
        finally:
            with self.changed:
                self.urgent -= 1
                self.changed.notify_all()

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Compute a batch of many texts when nothing urgent is, or after `LONGEST_WAIT`."""
        with self.cores:
            with self.changed:
                self.changed.wait_for(lambda: not self.urgent, LONGEST_WAIT)
            yield


precedence = Precedence()


def main(path: str) -> None:
    """Serve until a signal ends the process."""
    serve_for_ever(Path(path), serve, backlog=BACKLOG)


def serve(connection: Connection) -> None:
    """Answer the frames of one caller until it leaves."""
    with closing(connection), suppress(EOFError, OSError):
        while True:
            connection.send_bytes(answer_to(connection.recv_bytes()))


def answer_to(frame: bytes) -> bytes:
    """The vectors of a frame; nothing, and a line in the log, when there are none."""
    try:
        name, dimensions, asked, *prompt = json.loads(frame)
        model = loaded(name, dimensions)
        if len(asked) > 1 and not prompt:
            return model.embed(asked, turn=precedence.take_turn).tobytes()
        with precedence.go_first():
            vectors = model.embed_question(asked, *prompt) if prompt else model.embed(asked)
            return vectors.tobytes()
    # Whatever it was, it must not end the connections of others, and texts do not belong in logs.
    except Exception as error:  # noqa: BLE001
        print(f"embedding failed: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201
        return b""


def loaded(name: str, dimensions: int) -> LocalEmbedder:
    """The model, loaded once however many ask for it first."""
    with loading:
        return load(name, dimensions)


@cache
def load(name: str, dimensions: int) -> LocalEmbedder:
    """Load the model and the libraries it needs."""
    from documents.encoder.model import LocalEmbedder  # noqa: PLC0415 -- see the module

    return LocalEmbedder(name, dimensions)


if __name__ == "__main__":
    main(sys.argv[1])
