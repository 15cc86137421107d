"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SsoConfig(AppConfig):
    """Refuses to start with a group map that cannot be read."""

    name = "youworker.sso"
    label = "sso"
    verbose_name = _("Single sign-on")

    def ready(self) -> None:
        from groups.services import group_map  # noqa: PLC0415 -- needs the loaded apps

        group_map()
