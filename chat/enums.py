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
# Runs that come to an end without anybody's decision.
WORKING_STATUSES = (RunStatus.QUEUED, RunStatus.RUNNING)
# Active runs that no process holds.
IDLE_STATUSES = (RunStatus.QUEUED, RunStatus.WAITING_APPROVAL)


class ToolRunStatus(models.TextChoices):
    """How a tool call went."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    INTERRUPTED = "interrupted"


# Calls that have no end yet.
OPEN_CALLS = (ToolRunStatus.WAITING, ToolRunStatus.RUNNING)


class Decision(models.TextChoices):
    """What became of the question whether a tool may be called."""

    ALLOW = "allow"
    DENY = "deny"
    TIMEOUT = "timeout"
