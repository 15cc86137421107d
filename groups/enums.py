"""Fixed vocabularies of groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums import Scope


class Role(models.TextChoices):
    """What a member may do in a group."""

    MEMBER = "member", _("Member")
    ADMIN = "admin", _("Admin")


# What a service account's key may be used for; never `admin`, which is for people.
SERVICE_SCOPES = [choice for choice in Scope.choices if choice[0] != Scope.ADMIN]
