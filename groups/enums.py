"""Fixed vocabularies of groups."""

from django.db import models


class Role(models.TextChoices):
    """What a member may do in a group."""

    MEMBER = "member"
    ADMIN = "admin"


class Measure(models.TextChoices):
    """What a quota limits."""

    TOKENS_PER_DAY = "tokens_per_day"
    TOKENS_PER_MONTH = "tokens_per_month"
    STORED_BYTES = "stored_bytes"
    DOCUMENTS = "documents"
    RUNS_AT_ONCE = "runs_at_once"
