"""Vectors as OpenAI's clients read them."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from chat.agent.tokens import estimated_tokens
from chat.openai.names import not_found
from chat.services import enforce_token_quota, record_embedding
from documents.services import embed_texts, find_offered_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray

    from accounts.models import User


def answer_embeddings(
    name: str,
    texts: Sequence[str],
    *,
    encoding: str,
    dimensions: int | None,
    key_id: UUID | None,
    actor: User,
) -> dict[str, Any]:
    """The vectors of texts; raises `ModelNotFound`, `QuotaExceeded` and what the model raises."""
    model = find_offered_model(name)
    if model is None:
        raise not_found(name)
    enforce_token_quota(actor, key_id)
    began, tokens = time.monotonic(), sum(map(estimated_tokens, texts))
    vectors = embed_texts(model, texts, dimensions=dimensions)
    record_embedding(actor.pk, key_id, model=name, tokens=tokens, seconds=time.monotonic() - began)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": number, "embedding": written(vector, encoding)}
            for number, vector in enumerate(vectors)
        ],
        "model": name,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def written(vector: NDArray[np.float32], encoding: str) -> str | list[float]:
    """One vector as numbers, or as the bytes of its numbers."""
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    numbers: list[float] = vector.tolist()
    return numbers
