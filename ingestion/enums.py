"""Fixed vocabularies of ingestion."""

from django.db import models


class RunKind(models.TextChoices):
    """Where the files of a run come from."""

    UPLOAD = "upload"
    PATHS = "paths"
    URL = "url"


class IngestionStatus(models.TextChoices):
    """How far a run has come."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(models.TextChoices):
    """How far a file has come; in `embedding` it is found by keyword already."""

    QUEUED = "queued"
    PARSING = "parsing"
    EMBEDDING = "embedding"
    READY = "ready"
    FAILED = "failed"
    SKIPPED = "skipped"


ACTIVE_STAGES = (Stage.QUEUED, Stage.PARSING, Stage.EMBEDDING)
