"""The embedding model in a process of its own, shared by web process and workers."""

from __future__ import annotations

import json
import time
from multiprocessing.connection import Client
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Any

from documents.exceptions import VectorsUnusable
from youworker.core.exceptions import UpstreamUnavailable
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    import numpy as np
    from numpy.typing import NDArray

# Where the supervisor says that its embedding process listens; without, the model is loaded here.
SOCKET_VARIABLE = "YOUWORKER_EMBEDDING_SOCKET"
# The process is restarted within half a second.
ATTEMPTS = 8
PAUSE_SECONDS = 0.5
# Some hundred times what loading the model takes, and embedding one text.
LOADING_SECONDS = 10.0
SECONDS_PER_TEXT = 2.0


class SharedEmbedder:
    """The local model, asked over a Unix socket; safe for several threads."""

    def __init__(self, socket: str, name: str, dimensions: int) -> None:
        self.socket = socket
        self.name = name
        self.dimensions = dimensions
        self.idle: LifoQueue[Connection] = LifoQueue()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape [texts, dimensions]; raises `UpstreamUnavailable`.

        `VectorsUnusable`, which is one, when the model cannot do it for one of the texts.
        """
        return self.vectors_of([list(texts)], len(texts))

    def embed_question(self, question: str, prompt: str) -> NDArray[np.float32]:
        """The vector to search with, shape [dimensions]; raises like `embed`."""
        vector: NDArray[np.float32] = self.vectors_of([question, prompt], 1)[0]
        return vector

    def vectors_of(self, asked: list[Any], number: int) -> NDArray[np.float32]:
        """So many vectors, of what stands behind the model in a frame."""
        import numpy as np  # noqa: PLC0415 -- 15 MB that not every process needs

        frame = json.dumps([self.name, self.dimensions, *asked]).encode()
        with holding_nothing():
            answer = self.ask_again(frame, LOADING_SECONDS + SECONDS_PER_TEXT * number)
        if number and not answer:
            raise VectorsUnusable("The embedding model could not read one of the texts.")
        return np.frombuffer(answer, np.float32).reshape(number, self.dimensions)

    def ask_again(self, frame: bytes, seconds: float) -> bytes:
        """The answer to one frame, also of a process that is started anew meanwhile."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.ask(frame, seconds)
            except (OSError, EOFError) as error:
                # Whoever is silent for so long will be so the next time.
                if attempt == ATTEMPTS or isinstance(error, TimeoutError):
                    raise UpstreamUnavailable("The embedding process does not answer.") from error
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def ask(self, frame: bytes, seconds: float) -> bytes:
        """The answer to one frame; raises `OSError` and `EOFError` when there is none."""
        connection = self.connected()
        try:
            connection.send_bytes(frame)
            answer = connection.recv_bytes() if connection.poll(seconds) else None
        except BaseException:
            connection.close()
            raise
        if answer is None:
            connection.close()
            raise TimeoutError("The embedding process is silent.")
        self.idle.put(connection)
        return answer

    def connected(self) -> Connection:
        """A connection that nobody uses, or a new one."""
        try:
            return self.idle.get_nowait()
        except Empty:
            return Client(self.socket, "AF_UNIX")
