"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from youworker.core.labels import name_model
from youworker.webhooks.models import Delivery, Endpoint, Event

name_model(
    Endpoint,
    _("webhook"),
    _("webhooks"),
    actions=_("told actions"),
    secret=_("secret"),
    former_secret=_("former secret"),
    former_secret_until=_("former secret signs until"),
    failures=_("failures in a row"),
    rest_until=_("left alone until"),
    last_error=_("last error"),
    last_success_at=_("last success"),
    busy_until=_("held until"),
    served_at=_("last served"),
)
name_model(
    Event,
    _("webhook event"),
    _("webhook events"),
    action=_("action"),
    data=_("data"),
    created_at=_("time"),
    distributed=_("distributed"),
)
name_model(
    Delivery,
    _("webhook delivery"),
    _("webhook deliveries"),
    endpoint=_("webhook"),
    event=_("event"),
    due_at=_("next attempt"),
    status_code=_("status code"),
    error=_("last error"),
    log=_("attempts in detail"),
)
