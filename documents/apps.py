"""The app's configuration."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Names the app for the admin."""

    name = "documents"
    verbose_name = "Documents"
