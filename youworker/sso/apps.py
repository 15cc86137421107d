"""The app's configuration."""

from django.apps import AppConfig


class SsoConfig(AppConfig):
    """Refuses to start with a group map that cannot be read."""

    name = "youworker.sso"
    label = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from groups.services import group_map  # noqa: PLC0415 -- needs the loaded apps

        group_map()
