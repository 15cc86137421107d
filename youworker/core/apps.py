"""`youworker.core` as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from youworker.core.per_loop import keep_cancellations


class CommonConfig(AppConfig):
    """Holds the few rows that belong to no domain."""

    name = "youworker.core"
    label = "common"
    verbose_name = _("System")

    def ready(self) -> None:
        """Refuse to start with a rate limit that cannot be read; lose no cancellation."""
        from youworker.core.api.rate_limits import check_rates  # noqa: PLC0415 -- needs the apps

        check_rates()
        keep_cancellations()
