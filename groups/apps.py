"""The app's configuration."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    """Names the app for the admin."""

    name = "groups"
    verbose_name = "Groups"
