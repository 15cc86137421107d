"""Turning texts into vectors; each model is loaded once per process, on first use."""

from __future__ import annotations

import os
import threading

from documents.embedding.protocol import Embedder
from documents.embedding.shared import SOCKET_VARIABLE, SharedEmbedder
from documents.enums import Provider
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput

__all__ = ["Embedder", "configured_model", "embedder_of", "require_usable"]

LOCAL_MODEL = "all-MiniLM-L6-v2-int8"
LOCAL_DIMENSIONS = 384
# What the vector index takes of half-precision numbers.
MOST_DIMENSIONS = 4000

lock = threading.Lock()
loaded: dict[tuple[int, str, str, int], Embedder] = {}


def configured_model() -> tuple[Provider, str, int]:
    """Provider, name and dimensions that the settings ask for."""
    vector = config.vector
    if not vector.embedding_base_url:
        return Provider.LOCAL, LOCAL_MODEL, LOCAL_DIMENSIONS
    return Provider.OPENAI, vector.embedding_model, vector.embedding_dimensions


def require_usable(provider: str, name: str, dimensions: int) -> None:
    """Raise `InvalidInput` for a model that cannot be used here, whatever its server says."""
    if provider == Provider.LOCAL and (name, dimensions) != (LOCAL_MODEL, LOCAL_DIMENSIONS):
        raise InvalidInput(f"The only local model is {LOCAL_MODEL!r} ({LOCAL_DIMENSIONS}).")
    if provider == Provider.OPENAI and not config.vector.embedding_base_url:
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
