"""Embeddings of any server that speaks `/v1/embeddings`."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from documents.embedding.vectors import checked, normalised
from documents.exceptions import VectorsUnusable
from youworker.common.config import config
from youworker.common.exceptions import UpstreamUnavailable
from youworker.common.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH = 64
# For one answer as a whole, however slowly it comes.
TIMEOUT_SECONDS = 60.0
TRANSIENT_STATUSES = {408, 425, 429}
# What servers say about a text that is too long, or that they do not like.
REFUSALS = {400, 413, 422}
# Models read some hundred tokens; of a text that is refused, the beginning may do.
SHORTEST = 200
# A number in JSON takes about 20; whoever sends far more does not send vectors.
BYTES_PER_NUMBER = 40
BYTES_BESIDE = 65_536


class Transient(Exception):
    """The server is not there, or busy: asking once more may help."""


class OpenAIEmbedder:
    """A model behind an OpenAI-compatible server."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name = name
        self.dimensions = dimensions
        vector = config.vector
        if not vector.embedding_base_url:
            raise UpstreamUnavailable(f"EMBEDDING_BASE_URL is not set, {name!r} needs it.")
        self.url = f"{vector.embedding_base_url.rstrip('/')}/embeddings"
        # Unpacked, an answer could be a thousand times as long as what came.
        headers = {
            "Authorization": f"Bearer {vector.embedding_api_key or 'none'}",
            "Accept-Encoding": "identity",
        }
        self.client = httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, follow_redirects=True)

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
                return checked(rows, count=len(texts), dimensions=self.dimensions)

    def ask_again(self, texts: Sequence[str]) -> Any:
        """The answer to one request, tried again while the trouble may pass."""
        retry = config.retry
        for attempt in range(1, retry.attempts + 1):
            try:
                return self.ask(texts)
            except (Transient, httpx.HTTPError) as error:
                if attempt == retry.attempts:
                    raise UpstreamUnavailable("The embedding server does not answer.") from error
                pause = min(retry.max_seconds, retry.base_seconds * 2 ** (attempt - 1))
                time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- spreads retries
            except httpx.InvalidURL as error:
                raise UpstreamUnavailable("EMBEDDING_BASE_URL is not a URL.") from error
        raise AssertionError("unreachable")

    def ask(self, texts: Sequence[str]) -> Any:
        """What the server answers, as JSON."""
        # Empty input is refused by most servers.
        wanted = [text or " " for text in texts]
        body = {"model": self.name, "input": wanted, "encoding_format": "float"}
        most = BYTES_BESIDE + BYTES_PER_NUMBER * self.dimensions * len(texts)
        with self.client.stream("POST", self.url, json=body) as response:
            require_success(response.status_code)
            content = read_limited(response, most=most)
        try:
            # Python's own reader: NaN is a wrong number here, not an answer that is no JSON.
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise UpstreamUnavailable(
                "What answers at EMBEDDING_BASE_URL is no embedding server."
            ) from error


class Refused(VectorsUnusable):
    """The server does not take a text."""


def require_success(status: int) -> None:
    """Sort the refusals: by passing trouble, by the texts, by the configuration."""
    if status in TRANSIENT_STATUSES or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Transient(f"status {status}")
    if status in REFUSALS:
        raise Refused(f"The embedding server refused a text with status {status}.")
    if status != httpx.codes.OK:
        raise UpstreamUnavailable(f"The embedding server refused with status {status}.")


def read_limited(response: httpx.Response, *, most: int) -> bytes:
    """The body; raises `VectorsUnusable` for a longer one, `Transient` for one without an end."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk
        if len(content) > most:
            raise VectorsUnusable(f"The embedding server answered more than {most} bytes.")
        if time.monotonic() > deadline:
            raise Transient("The answer took too long.")
    return bytes(content)


def vectors_of(answer: Any) -> list[Any]:
    """The vectors of an answer in the order of the texts, not looked at yet."""
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        return [row["embedding"] for row in rows]
    except (TypeError, KeyError) as error:
        raise VectorsUnusable("The embedding server answered something else.") from error
