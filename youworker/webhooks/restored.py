"""The outbox of a restored installation, which is that of another day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from youworker.webhooks.delivering import distribute_events
from youworker.webhooks.enums import DeliveryStatus
from youworker.webhooks.models import Delivery

if TYPE_CHECKING:
    from datetime import datetime

UNSENT = "It waited when the backup was made and may have arrived since: send it again if not."


@transaction.atomic
def leave_unsent(before: datetime) -> int:
    """Do not send by itself what waited when a backup was made; how many deliveries.

    Most of them arrived after the backup, and nobody here knows of that. Staff may send each again.
    """
    distribute_events()
    waiting = Delivery.objects.pending().filter(event__created_at__lt=before)
    return waiting.update(
        status=DeliveryStatus.FAILED, error=UNSENT, status_code=None, updated_at=timezone.now()
    )
