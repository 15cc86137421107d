"""Collections, documents, the passages they are quoted by, and the passages' vectors."""

from documents.models.embeddings import EmbeddingModel, EmbeddingTask, PassageEmbedding
from documents.models.golden import EvaluationResult, EvaluationRun, GoldenQuestion
from documents.models.library import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    Passage,
    StoredFile,
    Tag,
)
from documents.models.versions import DocumentVersion, VersionPassage

__all__ = [
    "Collection",
    "CollectionShare",
    "Document",
    "DocumentShare",
    "DocumentVersion",
    "EmbeddingModel",
    "EmbeddingTask",
    "EvaluationResult",
    "EvaluationRun",
    "GoldenQuestion",
    "Passage",
    "PassageEmbedding",
    "StoredFile",
    "Tag",
    "VersionPassage",
]
