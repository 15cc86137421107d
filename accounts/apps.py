"""The app's configuration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the app for the admin."""

    name = "accounts"
    verbose_name = "People"
