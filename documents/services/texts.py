"""Vectors of texts that are no passages of ours: what programs ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from documents.embedding import configured_model, embedder_of
from documents.enums import ModelState
from documents.models import EmbeddingModel
from documents.services.embeddings import ensure_active_model
from youworker.core.exceptions import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# Between two batches the questions of searches come in.
BATCH = 32
# A model reads some hundred tokens of each; whoever sends far more sends books.
MOST_CHARACTERS = 300_000


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """An embedding model that programs may ask for."""

    provider: str
    name: str
    dimensions: int


def offered_embedding_models() -> list[str]:
    """The names of the models whose vectors can be had, the one of searches first."""
    return [model.name for model in offered_models()]


def offered_models() -> list[OfferedModel]:
    """The models in use, the active one first, and the one that the settings name."""
    ensure_active_model()
    rows = EmbeddingModel.objects.filter(state=ModelState.ENABLED).order_by("-active", "pk")
    found = [OfferedModel(row.provider, row.name, row.dimensions) for row in rows]
    by_name: dict[str, OfferedModel] = {}
    for model in [*found, OfferedModel(*configured_model())]:
        by_name.setdefault(model.name, model)
    # A server may be named without a model of it.
    by_name.pop("", None)
    return list(by_name.values())


def find_offered_model(name: str) -> OfferedModel | None:
    """The model of a name; None when there is none."""
    return next((model for model in offered_models() if model.name == name), None)


def embed_texts(
    model: OfferedModel, texts: Sequence[str], *, dimensions: int | None = None
) -> NDArray[np.float32]:
    """The vectors of texts as they are, without a prompt, shape [texts, dimensions].

    Raises `InvalidInput` for dimensions the model does not have, `TooLarge`, and
    `UpstreamUnavailable`.
    """
    # Of its own, because most who name this module never load numpy.
    import numpy as np  # noqa: PLC0415 -- see above

    from documents.encoder.arithmetic import normalised  # noqa: PLC0415 -- loads numpy

    require_dimensions(model, dimensions)
    if sum(map(len, texts)) > MOST_CHARACTERS:
        raise TooLarge(
            "The texts have at most %(most)s characters together.", most=f"{MOST_CHARACTERS:,}"
        )
    embedder = embedder_of(model.provider, model.name, model.dimensions)
    parts = [embedder.embed(texts[first : first + BATCH]) for first in range(0, len(texts), BATCH)]
    vectors: NDArray[np.float32] = np.concatenate(parts)
    if dimensions is None or dimensions == model.dimensions:
        return vectors
    return normalised(vectors[:, :dimensions])


def require_dimensions(model: OfferedModel, dimensions: int | None) -> None:
    """Raise `InvalidInput` unless a vector of this length can be had."""
    from documents.embedding.openai import MAY_BE_CUT  # noqa: PLC0415 -- loads numpy

    if dimensions is None or dimensions == model.dimensions:
        return
    if dimensions > model.dimensions or not MAY_BE_CUT.search(model.name):
        raise InvalidInput(
            "This model gives %(number)s dimensions.",
            attr="dimensions",
            number=str(model.dimensions),
        )
