"""The app's configuration."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Names the app for the admin."""

    name = "ingestion"
    verbose_name = "Ingestion"
