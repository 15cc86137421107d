"""The app's configuration."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Names the app for the admin."""

    name = "ingestion"
    verbose_name = "Ingestion"

    def ready(self) -> None:
        """Keep originals that are still to be read."""
        from documents.services import needed_elsewhere  # noqa: PLC0415 -- needs loaded apps
        from ingestion.queries import needed_by_items  # noqa: PLC0415

        needed_elsewhere.append(needed_by_items)
