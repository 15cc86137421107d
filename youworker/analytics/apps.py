"""Analytics as a Django app: it brings the templates of its page."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Has no rows of its own: usage events belong to `quotas`."""

    name = "youworker.analytics"
    label = "analytics"
