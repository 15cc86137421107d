"""Fixed vocabularies of webhooks."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from youworker.audit import ACTIONS

# What is told beside what is audited. The trigger on runs writes the first one.
RUN_END = "run.end"
TEST = "webhook.test"
# Stands for every action, also those of later versions.
EVERYTHING = "*"
SUBSCRIBABLE = (EVERYTHING, *sorted({*ACTIONS, RUN_END}))


class EndpointState(models.TextChoices):
    """Whether an endpoint is sent anything."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    FAILING = "failing", _("Paused after failures")
    GONE = "gone", _("Gone")


class DeliveryStatus(models.TextChoices):
    """What became of one event for one endpoint."""

    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
