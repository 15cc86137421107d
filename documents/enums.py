"""Fixed vocabularies of documents and search."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DocumentStatus(models.TextChoices):
    """How far a document has come."""

    PROCESSING = "processing", _("Processing")
    SEARCHABLE = "searchable", _("Searchable")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class Access(models.TextChoices):
    """What a share allows."""

    READ = "read", pgettext_lazy("what a share allows", "Read")
    WRITE = "write", pgettext_lazy("what a share allows", "Write")


class SearchMode(models.TextChoices):
    """By what is searched: words, meaning, or both."""

    HYBRID = "hybrid", _("Words and meaning")
    KEYWORD = "keyword", _("Words")
    SEMANTIC = "semantic", _("Meaning")


class Provider(models.TextChoices):
    """Who computes vectors."""

    LOCAL = "local", _("This machine")
    OPENAI = "openai", _("Model server")


class ModelState(models.TextChoices):
    """What becomes of an embedding model."""

    # Its index and its work on older documents are to be made.
    PREPARING = "preparing", _("Preparing")
    ENABLED = "enabled", _("Enabled")  # every document gets its vectors
    DROPPING = "dropping", _("Dropping")  # what there is of it is removed


class TaskState(models.TextChoices):
    """Whether vectors are still expected soon."""

    QUEUED = "queued", _("Queued")
    FAILED = "failed", _("Failed")  # told as failed, and tried again after ever longer pauses


class TaskPriority(models.IntegerChoices):
    """What goes first: somebody waits until an upload is found by meaning."""

    UPLOAD = 0, _("Upload")
    BACKFILL = 1, _("Backfill")
