"""The app's configuration."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Names the app for the admin."""

    name = "chat"
    verbose_name = "Chat"
