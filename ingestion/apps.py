"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IngestionConfig(AppConfig):
    """Names the app for the admin."""

    name = "ingestion"
    verbose_name = _("Ingestion")
