"""Fixed vocabularies of quotas."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class QuotaKind(models.TextChoices):
    """What a quota limits: a column of `Quota`, and a setting `QUOTA_…`."""

    TOKENS_PER_DAY = "tokens_per_day", _("tokens per day")
    TOKENS_PER_MONTH = "tokens_per_month", _("tokens per month")
    STORED_BYTES = "stored_bytes", _("stored bytes")
    DOCUMENTS = "documents", _("documents")
    RUNS_AT_ONCE = "runs_at_once", _("answers at once")


class SubjectKind(models.TextChoices):
    """Whose use a quota limits."""

    USER = "user", _("User")
    GROUP = "group", _("Group")
    API_KEY = "api_key", _("API key")


class Period(StrEnum):
    """How long use counts; in the time zone of the installation."""

    DAY = "day"
    MONTH = "month"


class UsageKind(models.TextChoices):
    """What was done."""

    SESSION = "session", pgettext_lazy("what was done", "New conversation")
    RUN = "run", pgettext_lazy("what was done", "Run")
    TITLE = "title", pgettext_lazy("what was done", "Title")
    EMBEDDING = "embedding", pgettext_lazy("what was done", "Vectors of texts")
    HEARING = "hearing", pgettext_lazy("what was done", "Speech understood")
    SPEAKING = "speaking", pgettext_lazy("what was done", "Text spoken")
    SEARCH = "search", pgettext_lazy("what was done", "Search")
    INGESTION = "ingestion", _("Ingestion")
    TOOL_CALL = "tool_call", _("tool call")


class UsageOutcome(models.TextChoices):
    """How it went."""

    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")
    INTERRUPTED = "interrupted", _("Interrupted")
    DENIED = "denied", _("Denied")
