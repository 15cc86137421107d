"""Fixed vocabularies of conversations."""

from django.db import models


class MessageRole(models.TextChoices):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


class RunStatus(models.TextChoices):
    """Where an answer stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING_APPROVAL = "waiting_approval"
    SUCCEEDED = "succeeded"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


ACTIVE_STATUSES = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING_APPROVAL)


class ToolRunStatus(models.TextChoices):
    """How a tool call went."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
