"""`youworker.core` as a Django app."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Holds the few rows that belong to no domain."""

    name = "youworker.core"
    label = "common"

    def ready(self) -> None:
        """Refuse to start with a rate limit that cannot be read."""
        from youworker.core.api.rate_limits import check_rates  # noqa: PLC0415 -- needs the apps

        check_rates()
