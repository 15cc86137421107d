"""What follows from attempts: when the next one is, and when an endpoint is left alone."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from youworker import audit
from youworker.core.config import config
from youworker.webhooks.enums import DeliveryStatus, EndpointState
from youworker.webhooks.models import Delivery, Endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from youworker.webhooks.sending import Outcome

    Tried = Sequence[tuple[Delivery, Outcome]]

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60.0, 3600.0
# Seconds between the attempts of one delivery, a little more than a day in all.
PAUSES = (5.0, 30.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR)
# An endpoint that fails is left alone for so long, twice as long each time, up to this.
FIRST_REST, LONGEST_REST = 5.0, 2 * HOUR
LONGEST_LOG = 30


@transaction.atomic
def settle_attempts(endpoint_id: UUID, tried: Tried) -> bool:
    """Note what came of some attempts; whether the endpoint may be sent more at once."""
    endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        return False
    now = timezone.now()
    for delivery, outcome in tried:
        note_attempt(delivery, outcome, now=now)
    outcomes = [outcome for _delivery, outcome in tried]
    failed = [one for one in outcomes if not one.succeeded]
    if len(failed) < len(outcomes):
        endpoint.failures, endpoint.rest_until = 0, None
        endpoint.last_error, endpoint.last_success_at = "", now
    was_active = endpoint.state == EndpointState.ACTIVE
    if failed:
        note_failures(endpoint, failed, now=now)
    endpoint.save_fields("failures", "rest_until", "last_error", "last_success_at", "state")
    # After the row, or one that is gone would be told of that.
    if was_active and endpoint.state != EndpointState.ACTIVE:
        note_pause(endpoint)
    return endpoint.state == EndpointState.ACTIVE and not failed


def note_attempt(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    """Write one attempt down, and when the next one is. One that was deleted stays so."""
    line = {
        "at": now.isoformat(),
        "status": outcome.status,
        "ms": outcome.milliseconds,
        "error": outcome.error,
    }
    attempts = delivery.attempts + 1
    changes: dict[str, Any] = {
        "attempts": attempts,
        "status_code": outcome.status,
        "error": outcome.error[:500],
        "log": [*delivery.log, line][-LONGEST_LOG:],
        "updated_at": now,
    }
    if outcome.succeeded:
        changes["status"] = DeliveryStatus.DELIVERED
    elif attempts > len(PAUSES):
        changes["status"] = DeliveryStatus.FAILED
    else:
        pause = max(spread(PAUSES[attempts - 1]), outcome.pause)
        changes["due_at"] = now + timedelta(seconds=pause)
    Delivery.objects.pending().filter(pk=delivery.pk).update(**changes)


def note_failures(endpoint: Endpoint, failed: Sequence[Outcome], *, now: datetime) -> None:
    """Leave an endpoint alone for a while, or altogether; those sent at once count as one."""
    endpoint.failures += 1
    endpoint.last_error = failed[-1].error[:500]
    rest = min(FIRST_REST * 2 ** min(endpoint.failures - 1, 20), LONGEST_REST)
    asked = max(one.pause for one in failed)
    endpoint.rest_until = now + timedelta(seconds=max(spread(rest), asked))
    # What staff said meanwhile counts.
    if endpoint.state != EndpointState.ACTIVE:
        return
    if any(one.is_gone for one in failed):
        endpoint.state = EndpointState.GONE
    elif endpoint.failures >= config.webhook.pause_after:
        endpoint.state = EndpointState.FAILING


def note_pause(endpoint: Endpoint) -> None:
    """Tell staff, by the audit log and the log, that nothing more is sent to an endpoint."""
    audit.record(
        "webhook.pause",
        actor=None,
        target=endpoint,
        result="failed",
        reason=str(endpoint.state),
        failures=endpoint.failures,
    )
    logger.warning("webhook %s is paused: %s", endpoint.pk, endpoint.last_error)


def spread(seconds: float) -> float:
    """About so many seconds, so that what failed together is not tried together."""
    return seconds * random.uniform(0.9, 1.2)  # noqa: S311 -- no secret
