"""Turning texts into vectors; each model is loaded once per process, on first use."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Protocol

from documents.embedding.prompts import Prompts, known_prompts, told
from documents.embedding.shared import SOCKET_VARIABLE, SharedEmbedder
from documents.encoder.known import MODELS
from documents.enums import Provider
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput
from youworker.upstream.configured import endpoints_for
from youworker.upstream.endpoint import Capability
from youworker.upstream.model_files.endpoints import embedding_file_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Embedder",
    "Prompts",
    "configured_model",
    "embedder_of",
    "prompts_for",
    "require_usable",
    "unrelated_cosine",
]

LOCAL_MODEL = next(iter(MODELS))
LOCAL_DIMENSIONS = MODELS[LOCAL_MODEL].dimensions
# What the vector index takes of half-precision numbers.
MOST_DIMENSIONS = 4000

lock = threading.Lock()
loaded: dict[tuple[int, str, str, int], Embedder] = {}


class Embedder(Protocol):
    """A model that gives texts of like meaning like directions."""

    name: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape [texts, dimensions]; raises `UpstreamUnavailable`."""
        ...

    def embed_question(self, question: str, prompt: str) -> NDArray[np.float32]:
        """The vector to search with, shape [dimensions], of length 1; raises the same.

        The prompt is what the model wants before a question.
        """
        ...


def configured_model() -> tuple[Provider, str, int]:
    """Provider, name and dimensions that the settings ask for."""
    vector = config.vector
    if vector.embedding_base_url:
        return Provider.OPENAI, vector.embedding_model, vector.embedding_dimensions
    # A file that cannot be read yet leaves it to the local model: search has to work.
    if (file := embedding_file_model()) is not None:
        return Provider.OPENAI, *file
    name = vector.embedding_model or LOCAL_MODEL
    known = MODELS.get(name)
    return Provider.LOCAL, name, known.dimensions if known else vector.embedding_dimensions


def prompts_for(name: str, *, query: str = "", passage: str = "") -> Prompts:
    """What a model wants before texts: as said here, else by the settings, else as is known.

    What is said is as in a setting: empty when nothing is said, `none` for no prompt. The settings
    speak of the model that they ask for, and of no other.
    """
    found = known_prompts(name)
    if name == configured_model()[1]:
        query = query or config.vector.embedding_query_prompt
        passage = passage or config.vector.embedding_passage_prompt
    return Prompts(told(query, otherwise=found.query), told(passage, otherwise=found.passage))


def unrelated_cosine(name: str) -> float:
    """The cosine of unrelated texts, where it is known that this is not about 0."""
    known = MODELS.get(name)
    return known.unrelated if known else 0.0


def require_usable(provider: str, name: str, dimensions: int) -> None:
    """Raise `InvalidInput` for a model that cannot be used here, whatever its server says."""
    if provider == Provider.LOCAL and (name not in MODELS or MODELS[name].dimensions != dimensions):
        offered = " and ".join(f"{each!r} ({known.dimensions})" for each, known in MODELS.items())
        raise InvalidInput(f"The local models are {offered}.")
    if provider == Provider.OPENAI and not endpoints_for(Capability.EMBEDDING):
        raise InvalidInput(f"EMBEDDING_BASE_URL is not set, {name!r} needs it.")
    if not name or not 0 < dimensions <= MOST_DIMENSIONS:
        raise InvalidInput(f"A model has a name and 1 to {MOST_DIMENSIONS} dimensions.")


def embedder_of(provider: str, name: str, dimensions: int) -> Embedder:
    """The embedder of one model, loaded on first use."""
    # Threads of a loaded model do not survive a fork, so a child never takes its parent's.
    key = (os.getpid(), provider, name, dimensions)
    with lock:
        if key not in loaded:
            loaded[key] = load(provider, name, dimensions)
        return loaded[key]


def load(provider: str, name: str, dimensions: int) -> Embedder:
    """Load one model; the libraries are big, so they are imported here."""
    if provider == Provider.LOCAL:
        if socket := os.environ.get(SOCKET_VARIABLE):
            return SharedEmbedder(socket, name, dimensions)
        from documents.encoder.model import LocalEmbedder  # noqa: PLC0415 -- loaded on first use

        return LocalEmbedder(name, dimensions)
    from documents.embedding.openai import OpenAIEmbedder  # noqa: PLC0415 -- loaded on first use

    return OpenAIEmbedder(name, dimensions)
