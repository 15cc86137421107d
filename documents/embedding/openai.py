"""Embeddings of any server that speaks `/v1/embeddings`."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np
import openai

from documents.embedding.vectors import normalised
from youworker.common.config import config
from youworker.common.exceptions import UpstreamUnavailable
from youworker.common.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH = 64
TIMEOUT_SECONDS = 60.0
TRANSIENT = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)


class OpenAIEmbedder:
    """A model behind an OpenAI-compatible server."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name = name
        self.dimensions = dimensions
        vector = config.vector
        if not vector.embedding_base_url:
            raise UpstreamUnavailable(f"EMBEDDING_BASE_URL is not set, {name!r} needs it.")
        self.client = openai.OpenAI(
            base_url=vector.embedding_base_url,
            api_key=vector.embedding_api_key or "none",
            max_retries=0,  # tried again below, by the project's own settings
            timeout=TIMEOUT_SECONDS,
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape [texts, dimensions]; raises `UpstreamUnavailable`."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for first in range(0, len(texts), BATCH):
            batch = texts[first : first + BATCH]
            with holding_nothing():
                vectors[first : first + len(batch)] = self.embed_batch(batch)
        return normalised(vectors)

    def embed_batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of one request, tried again while the trouble may pass."""
        retry = config.retry
        for attempt in range(1, retry.attempts + 1):
            try:
                return self.request(texts)
            except TRANSIENT as error:
                if attempt == retry.attempts:
                    raise UpstreamUnavailable("The embedding server does not answer.") from error
                pause = min(retry.max_seconds, retry.base_seconds * 2 ** (attempt - 1))
                time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- spreads retries
            except openai.OpenAIError as error:
                raise UpstreamUnavailable(f"The embedding server refused: {error}") from error
        raise AssertionError("unreachable")

    def request(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of one request, in the order of the texts."""
        # Empty input is refused by most servers.
        wanted = [text or " " for text in texts]
        answer = self.client.embeddings.create(
            model=self.name, input=wanted, encoding_format="float"
        )
        rows = sorted(answer.data, key=lambda item: item.index)
        if [len(row.embedding) for row in rows] != [self.dimensions] * len(wanted):
            raise UpstreamUnavailable(
                f"The embedding server did not give {len(wanted)} vectors of"
                f" {self.dimensions} numbers; check EMBEDDING_DIMENSIONS."
            )
        return np.array([row.embedding for row in rows], np.float32)
