"""Fixed vocabularies of ingestion."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RunKind(models.TextChoices):
    """Where the files of a run come from."""

    UPLOAD = "upload", _("Upload")
    PATHS = "paths", _("Paths")
    URL = "url", _("Url")


class SourceKind(models.TextChoices):
    """Where a source reads."""

    FOLDER = "folder", _("Folder")
    WEBSITE = "website", _("Website")


class SourceState(models.TextChoices):
    """What a source is doing."""

    IDLE = "idle", _("Idle")
    SYNCING = "syncing", _("Syncing")
    FAILED = "failed", _("Failed")
    PAUSED = "paused", _("Paused")


class IngestionStatus(models.TextChoices):
    """How far a run has come."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    PARTIAL = "partial", _("Partial")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Stage(models.TextChoices):
    """How far a file has come; in `embedding` it is found by keyword already."""

    QUEUED = "queued", _("Queued")
    PARSING = "parsing", _("Parsing")
    EMBEDDING = "embedding", _("Embedding")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Skipped")


ACTIVE_STAGES = (Stage.QUEUED, Stage.PARSING, Stage.EMBEDDING)
