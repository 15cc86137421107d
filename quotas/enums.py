"""Fixed vocabularies of quotas."""

from enum import StrEnum

from django.db import models


class QuotaKind(models.TextChoices):
    """What a quota limits: a column of `Quota`, and a setting `QUOTA_…`."""

    TOKENS_PER_DAY = "tokens_per_day"
    TOKENS_PER_MONTH = "tokens_per_month"
    STORED_BYTES = "stored_bytes"
    DOCUMENTS = "documents"
    RUNS_AT_ONCE = "runs_at_once"


class SubjectKind(models.TextChoices):
    """Whose use a quota limits."""

    USER = "user"
    GROUP = "group"
    API_KEY = "api_key"


class Period(StrEnum):
    """How long use counts; in the time zone of the installation."""

    DAY = "day"
    MONTH = "month"


class UsageKind(models.TextChoices):
    """What was done."""

    RUN = "run"
    SEARCH = "search"
    INGESTION = "ingestion"
    TOOL_CALL = "tool_call", "tool call"


class UsageOutcome(models.TextChoices):
    """How it went."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    DENIED = "denied"
