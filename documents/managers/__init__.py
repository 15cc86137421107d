"""Repositories of collections, documents and passages: who sees what is decided here only."""

from documents.managers.embeddings import (
    EmbeddingModelQuerySet,
    EmbeddingTaskQuerySet,
    PassageEmbeddingQuerySet,
)
from documents.managers.golden import (
    EvaluationResultQuerySet,
    EvaluationRunQuerySet,
    GoldenQuestionQuerySet,
)
from documents.managers.library import (
    CollectionQuerySet,
    CollectionShareQuerySet,
    DocumentQuerySet,
    DocumentShareQuerySet,
    PassageQuerySet,
    StoredFileQuerySet,
    TagQuerySet,
)
from documents.managers.versions import DocumentVersionQuerySet, VersionPassageQuerySet

__all__ = [
    "CollectionQuerySet",
    "CollectionShareQuerySet",
    "DocumentQuerySet",
    "DocumentShareQuerySet",
    "DocumentVersionQuerySet",
    "EmbeddingModelQuerySet",
    "EmbeddingTaskQuerySet",
    "EvaluationResultQuerySet",
    "EvaluationRunQuerySet",
    "GoldenQuestionQuerySet",
    "PassageEmbeddingQuerySet",
    "PassageQuerySet",
    "StoredFileQuerySet",
    "TagQuerySet",
    "VersionPassageQuerySet",
]
