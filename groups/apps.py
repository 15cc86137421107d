"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GroupsConfig(AppConfig):
    """Names the app for the admin."""

    name = "groups"
    verbose_name = _("Groups")
