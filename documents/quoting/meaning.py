"""How near sentences come to a question in meaning, by the embedding model that runs here."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from documents.embedding import configured_model, embedder_of, prompts_for
from documents.enums import Provider
from youworker.core.exceptions import UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

# Cosines of question and sentence: those of sentences that have nothing to do with the question
# end, those of its answer reach. Measured on the golden questions of `bench answers`.
SCALES = {"multilingual-e5-small-int8": (0.78, 0.92)}
# Each costs about 10 ms of CPU.
MOST_SENTENCES = 24
LONGEST_SENTENCE = 300


class Meaning(Protocol):
    """What compares a question with sentences."""

    def __call__(self, question: str, sentences: Sequence[str]) -> list[float]:
        """One value for each of the first sentences, 0 for unrelated and 1 for the same."""
        ...


def compare_meaning(question: str, sentences: Sequence[str]) -> list[float]:
    """The nearness of the first `MOST_SENTENCES`; none without a model whose scale is known."""
    provider, name, dimensions = configured_model()
    if provider != Provider.LOCAL or name not in SCALES or not sentences:
        return []
    prompts = prompts_for(name)
    texts = [sentence[:LONGEST_SENTENCE] for sentence in sentences[:MOST_SENTENCES]]
    try:
        vectors = embedder_of(provider, name, dimensions).embed(
            [prompts.query + question[:LONGEST_SENTENCE], *(prompts.passage + one for one in texts)]
        )
    except UpstreamUnavailable:
        # An answer by words alone is better than none.
        logger.warning("Sentences are compared by their words only: the model does not answer.")
        return []
    unrelated, answering = SCALES[name]
    cosines = vectors[1:] @ vectors[0]
    return [
        min(1.0, max(0.0, (float(cosine) - unrelated) / (answering - unrelated)))
        for cosine in cosines
    ]
