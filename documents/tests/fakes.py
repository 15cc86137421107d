"""Doubles: an embedding model without weights, and a server of embeddings."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np

from documents.encoder.arithmetic import normalised
from documents.exceptions import VectorsUnusable
from youworker.core.exceptions import UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray


class LetterEmbedder:
    """Vectors made of letter counts: like words get like vectors."""

    name = "letters"

    def __init__(self, dimensions: int = 26) -> None:
        self.dimensions = dimensions
        self.batches: list[int] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(len(texts))
        counts = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for letter in text.lower():
                if "a" <= letter <= "z":
                    counts[row, (ord(letter) - 97) % self.dimensions] += 1
        return normalised(counts)

    def embed_question(self, question: str, prompt: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embed([prompt + question])[0]
        return vector


class BrokenEmbedder(LetterEmbedder):
    """A model whose server is down."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise UpstreamUnavailable("The embedding server does not answer.")


class PickyEmbedder(LetterEmbedder):
    """A model that refuses every text with a word, and with it the texts beside it."""

    word = "zebra"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any(self.word in text for text in texts):
            self.batches.append(len(texts))
            raise VectorsUnusable("The embedding server refused a text.")
        return super().embed(texts)


class NanEmbedder(LetterEmbedder):
    """A model whose vectors the database does not take."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), self.dimensions), np.nan, np.float32)


@contextmanager
def embedding_server(answers: list[Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A loopback `/v1/embeddings`: each answer is a status, a page, or the vectors to give.

    A page is bytes; what gives bytes without end is sent until nobody listens. Yields the base
    URL and the list of bodies that come in.
    """
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = answers.pop(0)
            if isinstance(answer, int):
                self.reply(answer, {"error": {"message": "no"}})
                return
            if not isinstance(answer, list):
                self.send_page([answer] if isinstance(answer, bytes) else answer)
                return
            rows = [{"index": i, "embedding": v, "object": "embedding"} for i, v in answer]
            self.reply(
                200,
                {
                    "object": "list",
                    "model": "m",
                    "data": rows,
                    "usage": {"prompt_tokens": 1, "total_tokens": 1},
                },
            )

        def send_page(self, parts: Iterable[bytes]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            with suppress(ConnectionError):
                for part in parts:
                    self.wfile.write(part)

        def reply(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
