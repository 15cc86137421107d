"""Vectors as OpenAI's clients read them."""

from __future__ import annotations

import base64
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chat.agent.tokens import estimated_tokens
from chat.exceptions import ModelBusy
from chat.openai.names import not_found
from chat.services import enforce_token_quota, record_embedding
from documents.services import embed_texts, find_offered_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray

    from accounts.models import User


# Requests for vectors that one process works on at a time.
AT_ONCE = 2
BUSY_SECONDS = 5

places = threading.BoundedSemaphore(AT_ONCE)


def answer_embeddings(
    name: str,
    texts: Sequence[str],
    *,
    encoding: str,
    dimensions: int | None,
    key_id: UUID | None,
    actor: User,
) -> dict[str, Any]:
    """The vectors of texts.

    Raises `ModelNotFound`, `QuotaExceeded`, `ModelBusy` and what the model raises.
    """
    model = find_offered_model(name)
    if model is None:
        raise not_found(name)
    began, tokens = time.monotonic(), sum(map(estimated_tokens, texts))
    with place_for_vectors():
        enforce_token_quota(actor, key_id)
        vectors = embed_texts(model, texts, dimensions=dimensions)
        seconds = time.monotonic() - began
        record_embedding(actor.pk, key_id, model=name, tokens=tokens, seconds=seconds)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": number, "embedding": written(vector, encoding)}
            for number, vector in enumerate(vectors)
        ],
        "model": name,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


@contextmanager
def place_for_vectors() -> Iterator[None]:
    """One of the few places for such requests; raises `ModelBusy` when all are taken.

    Searches and ingestion need the same model, and nobody waits in a queue for vectors.
    """
    if not places.acquire(blocking=False):
        raise ModelBusy("The model's server is busy; try again in %(wait)s s.", wait=BUSY_SECONDS)
    try:
        yield
    finally:
        places.release()


def written(vector: NDArray[np.float32], encoding: str) -> str | list[float]:
    """One vector as numbers, or as the bytes of its numbers."""
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    numbers: list[float] = vector.tolist()
    return numbers
