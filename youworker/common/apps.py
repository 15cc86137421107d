"""The shared foundation as a Django app."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Holds the few rows that belong to no domain."""

    name = "youworker.common"
    label = "common"
