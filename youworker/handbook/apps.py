"""The handbook as a Django app: it brings templates and a style sheet."""

from django.apps import AppConfig


class HandbookConfig(AppConfig):
    """Has no rows: its pages are files of the product."""

    name = "youworker.handbook"
    label = "handbook"
