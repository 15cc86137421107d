"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class McpConfig(AppConfig):
    """Names the app for the admin."""

    name = "mcp"
    verbose_name = _("Tools")
