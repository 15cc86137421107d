"""Embeddings of any server that speaks `/v1/embeddings`."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np

from documents.encoder.arithmetic import normalised
from documents.exceptions import VectorsUnusable
from youworker.core.config import config
from youworker.core.exceptions import UpstreamUnavailable
from youworker.core.slots import holding_nothing
from youworker.upstream.body_limits import AnswerTooLarge
from youworker.upstream.client import read_answer_in_thread, sync_client
from youworker.upstream.configured import embedding_endpoint
from youworker.upstream.errors import StatusError, pause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH = 64
# What servers say about a text that is too long, or that they do not like.
REFUSALS = {400, 413, 422}
# llama.cpp says so with status 500, as if it might pass.
TOO_LONG = re.compile(r"too large to process|exceeds the available context", re.IGNORECASE)
# Models read some hundred tokens; of a text that is refused, the beginning may do.
SHORTEST = 200
# A number in JSON takes about 20; whoever sends far more does not send vectors.
BYTES_PER_NUMBER = 40
BYTES_BESIDE = 65_536
# Numbers in the longest vector that is cut.
MOST_CUT = 4096
PROBE = "How long is a vector?"
# Models whose vectors begin with what says most ("Matryoshka"): a shorter one is their beginning.
MAY_BE_CUT = re.compile(
    r"qwen3-embedding|embedding-?gemma|jina-embeddings-v[345]|text-embedding-3|mxbai-embed"
    r"|arctic-embed.*(v2|2\.0)|arctic-embed2",
    re.IGNORECASE,
)


class OpenAIEmbedder:
    """A model behind an OpenAI-compatible server."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name = name
        self.dimensions = dimensions
        self.may_be_cut = bool(MAY_BE_CUT.search(name))
        endpoint = embedding_endpoint(config.vector)
        if endpoint is None:
            raise UpstreamUnavailable(f"EMBEDDING_BASE_URL is not set, {name!r} needs it.")
        self.endpoint = endpoint
        self.client = sync_client(endpoint)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape [texts, dimensions]; raises `UpstreamUnavailable`.

        `VectorsUnusable`, which is one, when the server cannot do it for one of the texts.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for first in range(0, len(texts), BATCH):
            batch = texts[first : first + BATCH]
            with holding_nothing():
                vectors[first : first + len(batch)] = self.embed_batch(batch)
        return normalised(vectors)

    def embed_question(self, question: str, prompt: str) -> NDArray[np.float32]:
        """The vector to search with, shape [dimensions]; raises like `embed`."""
        vector: NDArray[np.float32] = self.embed([prompt + question])[0]
        return vector

    def embed_batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of one batch; of a single text that is refused, of its beginning."""
        while True:
            try:
                answer = self.ask_again(texts)
            except Refused:
                if len(texts) > 1 or len(texts[0]) <= SHORTEST:
                    raise
                texts = [texts[0][: len(texts[0]) // 2]]
            else:
                rows = vectors_of(answer)
                if self.may_be_cut:
                    rows = [
                        row[: self.dimensions] if isinstance(row, list) else row for row in rows
                    ]
                return checked(rows, count=len(texts), dimensions=self.dimensions)

    def ask_again(self, texts: Sequence[str]) -> Any:
        """The answer to one request, tried again while the trouble may pass."""
        for attempt in range(1, config.retry.attempts + 1):
            try:
                return self.ask(texts)
            except AnswerTooLarge as error:
                raise VectorsUnusable(f"The embedding server said too much: {error}") from error
            except StatusError as error:
                if TOO_LONG.search(error.reason):
                    raise Refused("The embedding server refused a text as too long.") from error
                if not error.is_transient:
                    raise refusal(error) from error
                failure: Exception = error
            except httpx2.InvalidURL as error:
                raise UpstreamUnavailable("EMBEDDING_BASE_URL is not a URL.") from error
            except httpx2.HTTPError as error:
                failure = error
            if attempt < config.retry.attempts:
                time.sleep(pause(config.retry, attempt))
        raise UpstreamUnavailable("The embedding server does not answer.") from failure

    def ask(self, texts: Sequence[str]) -> Any:
        """What the server answers, as JSON."""
        # Empty input is refused by most servers.
        wanted = [text or " " for text in texts]
        body = {"model": self.name, "input": wanted, "encoding_format": "float"}
        numbers = MOST_CUT if self.may_be_cut else self.dimensions
        longest = BYTES_BESIDE + BYTES_PER_NUMBER * numbers * len(texts)
        content = read_answer_in_thread(
            self.client, self.endpoint, "embeddings", body, longest=longest
        )
        try:
            # Python's own reader: NaN is a wrong number here, not an answer that is no JSON.
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise UpstreamUnavailable(
                "What answers at EMBEDDING_BASE_URL is no embedding server."
            ) from error


def native_dimensions(name: str) -> int:
    """How many numbers a server's vectors of a model have; raises `UpstreamUnavailable`."""
    embedder = OpenAIEmbedder(name, MOST_CUT)
    try:
        rows = vectors_of(embedder.ask_again([PROBE]))
    finally:
        embedder.client.close()
    if not rows or not isinstance(rows[0], list):
        raise VectorsUnusable("The embedding server answers what is no vector.")
    return len(rows[0])


class Refused(VectorsUnusable):
    """The server does not take a text."""


def refusal(error: StatusError) -> UpstreamUnavailable:
    """What a final error status means: the texts are to blame, or the configuration."""
    if error.status in REFUSALS:
        return Refused(f"The embedding server refused a text with status {error.status}.")
    return UpstreamUnavailable(f"The embedding server refused with status {error.status}.")


def vectors_of(answer: Any) -> list[Any]:
    """The vectors of an answer in the order of the texts, not looked at yet."""
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        return [row["embedding"] for row in rows]
    except (TypeError, KeyError) as error:
        raise VectorsUnusable("The embedding server answered something else.") from error


def checked(rows: list[Any], *, count: int, dimensions: int) -> NDArray[np.float32]:
    """Vectors that somebody else computed; raises `VectorsUnusable` unless they can be stored."""
    if len(rows) != count:
        raise VectorsUnusable(f"The embedding server gave {len(rows)} vectors for {count} texts.")
    for row in rows:
        if not isinstance(row, list) or len(row) != dimensions:
            raise VectorsUnusable(
                f"The embedding server gave something else than {dimensions} numbers;"
                " check EMBEDDING_DIMENSIONS."
            )
        # Exactly: a string of digits would be converted, and true is an integer to Python.
        if not {type(number) for number in row} <= {int, float}:
            raise VectorsUnusable("The embedding server gave something else than numbers.")
    try:
        with np.errstate(over="ignore"):
            vectors = np.array(rows, np.float32).reshape(count, dimensions)
    except OverflowError as error:
        raise VectorsUnusable("The embedding server gave a number without end.") from error
    if not np.isfinite(vectors).all():
        raise VectorsUnusable("The embedding server gave numbers that cannot be stored.")
    return vectors
