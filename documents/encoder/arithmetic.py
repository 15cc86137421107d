"""Arithmetic on vectors, and what the vectors of all questions have in common.

That says of no question what it asks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from documents.encoder.known import FOLDER, MODELS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with length 1; a zero vector stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


def without_common(name: str, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors of questions, with less of what a local model gives to every question.

    Passages that are near to that are near to all questions, and would stand before the ones that
    answer, above all where question and passage are in different languages.
    """
    known = MODELS.get(name)
    if known is None or not known.common:
        return vectors
    return normalised(vectors - known.common * common_vector(name))


@lru_cache
def common_vector(name: str) -> NDArray[np.float32]:
    """The mean vector of the questions that lie beside a model."""
    vector: NDArray[np.float32] = np.load(FOLDER / name / "common.npy", allow_pickle=False)
    return vector
