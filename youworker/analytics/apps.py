"""Analytics as a Django app: it brings the templates of its page and the sums of days."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Has sums only: usage events belong to `quotas`."""

    name = "youworker.analytics"
    label = "analytics"
