"""Webhooks as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    """Owns the endpoints, and the outbox that triggers of the database fill."""

    name = "youworker.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")
