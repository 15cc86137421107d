"""Fixed vocabularies of groups."""

from django.db import models


class Role(models.TextChoices):
    """What a member may do in a group."""

    MEMBER = "member"
    ADMIN = "admin"
