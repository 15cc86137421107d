"""Fixed vocabularies of documents and search."""

from django.db import models


class DocumentStatus(models.TextChoices):
    """How far a document has come."""

    PROCESSING = "processing"
    SEARCHABLE = "searchable"
    READY = "ready"
    FAILED = "failed"


class Access(models.TextChoices):
    """What a share allows."""

    READ = "read"
    WRITE = "write"


class SearchMode(models.TextChoices):
    """Which legs of the search are walked."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    SEMANTIC = "semantic"


class Provider(models.TextChoices):
    """Who computes vectors."""

    LOCAL = "local"
    OPENAI = "openai"
