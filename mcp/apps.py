"""The app's configuration."""

from django.apps import AppConfig


class McpConfig(AppConfig):
    """Names the app for the admin."""

    name = "mcp"
    verbose_name = "Tools"
