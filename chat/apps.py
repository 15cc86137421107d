"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    """Names the app for the admin."""

    name = "chat"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        """Offer the tool servers that need more than their own app may know."""
        from chat.toolservers import register_servers  # noqa: PLC0415 -- apps come first

        register_servers()
