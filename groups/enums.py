"""Fixed vocabularies of groups."""

from django.db import models

from accounts.enums import Scope


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


# What a service account's key may be used for; never `admin`, which is for people.
SERVICE_SCOPES = [choice for choice in Scope.choices if choice[0] != Scope.ADMIN]
