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
    """By what is searched: words, meaning, or both."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    SEMANTIC = "semantic"


class Provider(models.TextChoices):
    """Who computes vectors."""

    LOCAL = "local"
    OPENAI = "openai"


class ModelState(models.TextChoices):
    """What becomes of an embedding model."""

    PREPARING = "preparing"  # its index and its work on older documents are to be made
    ENABLED = "enabled"  # every document gets its vectors
    DROPPING = "dropping"  # what there is of it is removed


class TaskState(models.TextChoices):
    """Whether vectors are still expected soon."""

    QUEUED = "queued"
    FAILED = "failed"  # told as failed, and tried again after ever longer pauses


class TaskPriority(models.IntegerChoices):
    """What goes first: somebody waits until an upload is found by meaning."""

    UPLOAD = 0
    BACKFILL = 1
