"""The embedding models that come with the project; for those who only name one, it is small."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "models"


class Known(NamedTuple):
    """What has to be known of a model to use it."""

    dimensions: int
    # Tokens of a text that are read.
    longest: int
    # Tokens computed together, padding included: where a text costs least CPU, as measured.
    batch: int
    # The cosine of a question, less what is common, with texts that have nothing to do with it.
    unrelated: float
    # How much is taken from a question's vector of what all questions have in common
    # (`common.npy`, the mean vector of `questions.txt`).
    common: float


# The first is the one that a new installation uses.
MODELS = {
    "multilingual-e5-small-int8": Known(
        dimensions=384, longest=512, batch=128, unrelated=0.6, common=0.35
    ),
    "all-MiniLM-L6-v2-int8": Known(
        dimensions=384, longest=256, batch=512, unrelated=0.0, common=0.0
    ),
}
