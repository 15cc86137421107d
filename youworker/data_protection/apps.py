"""Exports and erasures as a Django app: it brings the staff's page of people."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Has no rows of its own: requests belong to `accounts`."""

    name = "youworker.data_protection"
    label = "data_protection"
