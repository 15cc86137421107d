"""The app's configuration."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class QuotasConfig(AppConfig):
    """Names the app for the admin."""

    name = "quotas"
    verbose_name = _("Quotas and usage")

    def ready(self) -> None:
        """Let the `quotas` module of every app register its meters."""
        autodiscover_modules("quotas")
