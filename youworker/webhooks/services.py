"""Adding, changing, pausing and removing endpoints, and sending something again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound, UpstreamUnavailable
from youworker.core.storable import storable_text
from youworker.upstream.egress import EgressRefused
from youworker.upstream.fetcher import checked_url
from youworker.upstream.guard import SCHEMES
from youworker.webhooks.enums import EVERYTHING, SUBSCRIBABLE, TEST, DeliveryStatus, EndpointState
from youworker.webhooks.exceptions import EndpointPaused, TooManyEndpoints
from youworker.webhooks.models import LONGEST_URL, Delivery, Endpoint, Event
from youworker.webhooks.sending import permitted_for
from youworker.webhooks.signing import new_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import User

# A trigger looks at each of them when something is audited.
MOST_ENDPOINTS = 100
# So long the former secret signs as well, for receivers to be told the new one.
OVERLAP = timedelta(hours=24)
# A secret that was made so shortly ago is known to no receiver yet.
UNTOLD = timedelta(minutes=1)
# A form waits so long for the address of a name.
LOOKUP_SECONDS = 5.0
PAUSED = gettext_noop("The webhook is paused: resume it first.")

FORGOTTEN_AT_ONCE = 2000


def create_endpoint(
    url: str, *, actions: Sequence[str], description: str = "", actor: User
) -> tuple[Endpoint, str]:
    """Add an endpoint; it, and the secret that signs, which is shown this once.

    Raises `Forbidden`, `InvalidInput` and `TooManyEndpoints`.
    """
    require_staff(actor)
    endpoint = Endpoint(
        url=checked_destination(url),
        actions=checked_actions(actions),
        description=storable_text(description),
        secret=new_secret(),
    )
    insert_endpoint(endpoint, actor=actor)
    return endpoint, endpoint.secret


@transaction.atomic
def insert_endpoint(endpoint: Endpoint, *, actor: User) -> None:
    """Store a new endpoint; raises `TooManyEndpoints`."""
    if Endpoint.objects.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints("There are %(most)s webhooks already.", most=MOST_ENDPOINTS)
    endpoint.save()
    audit.record("webhook.create", actor=actor, target=endpoint, actions=told(endpoint.actions))


def update_endpoint(
    endpoint: Endpoint,
    *,
    url: str | None = None,
    actions: Sequence[str] | None = None,
    description: str | None = None,
    actor: User,
) -> Endpoint:
    """Change what is given; what waits goes to the new address. Raises as `create_endpoint`."""
    require_staff(actor)
    given = {
        "url": None if url is None else checked_destination(url),
        "actions": None if actions is None else checked_actions(actions),
        "description": None if description is None else storable_text(description),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    write_changes(endpoint, changes, actor=actor)
    return endpoint


@transaction.atomic
def write_changes(endpoint: Endpoint, changes: Mapping[str, object], *, actor: User) -> None:
    """Write changed fields down."""
    if not changes:
        return
    for name, value in changes.items():
        setattr(endpoint, name, value)
    endpoint.save_fields(*changes)
    actions = told(endpoint.actions) if "actions" in changes else None
    fields = sorted(changes)
    audit.record("webhook.update", actor=actor, target=endpoint, fields=fields, actions=actions)


@transaction.atomic
def rotate_secret(endpoint: Endpoint, *, actor: User) -> str:
    """The new secret, shown this once; the former one signs as well for a day.

    Twice in a moment is one rotation: the secret that receivers have stays the former one.
    """
    require_staff(actor)
    row = lock_endpoint(endpoint)
    until = timezone.now() + OVERLAP
    if row.former_secret_until is None or row.former_secret_until < until - UNTOLD:
        row.former_secret, row.former_secret_until = row.secret, until
    row.secret = new_secret()
    row.save_fields("secret", "former_secret", "former_secret_until")
    audit.record("webhook.secret.rotate", actor=actor, target=endpoint)
    return row.secret


@transaction.atomic
def pause_endpoint(endpoint: Endpoint, *, actor: User) -> None:
    """Send nothing until it is resumed; what happens meanwhile is kept until it is too old."""
    require_staff(actor)
    if set_state(endpoint, EndpointState.PAUSED):
        audit.record("webhook.pause", actor=actor, target=endpoint, reason="staff")


@transaction.atomic
def resume_endpoint(endpoint: Endpoint, *, actor: User) -> None:
    """Send again, at once, what has waited."""
    require_staff(actor)
    if set_state(endpoint, EndpointState.ACTIVE):
        audit.record("webhook.resume", actor=actor, target=endpoint)
        wake_worker()


def set_state(endpoint: Endpoint, state: EndpointState) -> bool:
    """Set the state, and forget the failures; false when that is the state already."""
    row = lock_endpoint(endpoint)
    if row.state == state:
        return False
    row.state, row.failures, row.rest_until = state, 0, None
    row.save_fields("state", "failures", "rest_until")
    endpoint.refresh_from_db()
    return True


@transaction.atomic
def delete_endpoint(endpoint: Endpoint, *, actor: User) -> None:
    """Remove an endpoint with its deliveries, sent or not."""
    require_staff(actor)
    # Whoever makes deliveries or notes attempts holds it first, too.
    row = lock_endpoint(endpoint)
    audit.record("webhook.delete", actor=actor, target=row)
    row.delete()


@transaction.atomic
def send_test(endpoint: Endpoint, *, actor: User) -> Delivery:
    """Send an event `webhook.test`; raises `EndpointPaused`."""
    require_staff(actor)
    row = lock_endpoint(endpoint)
    if row.state != EndpointState.ACTIVE:
        raise EndpointPaused(PAUSED)
    data = {"webhook_id": str(row.pk), "actor_id": str(actor.pk)}
    event = Event.objects.create(action=TEST, data=data, distributed=True)
    delivery = Delivery.objects.create(endpoint=row, event=event)
    wake_worker()
    return delivery


@transaction.atomic
def resend_delivery(delivery: Delivery, *, actor: User) -> Delivery:
    """Send an event once more, under the same id; raises `EndpointPaused`."""
    require_staff(actor)
    endpoint = lock_endpoint(delivery.endpoint)
    if endpoint.state != EndpointState.ACTIVE:
        raise EndpointPaused(PAUSED)
    # Somebody asked: it is not left to the pause after the failures before.
    endpoint.rest_until = None
    endpoint.save_fields("rest_until")
    delivery.status, delivery.attempts = DeliveryStatus.PENDING, 0
    delivery.due_at = timezone.now()
    delivery.save_fields("status", "attempts", "due_at")
    wake_worker()
    return delivery


def require_staff(actor: User) -> None:
    """Raise `Forbidden` for anybody else."""
    if not actor.is_staff:
        raise Forbidden("Only staff may do this.")


def lock_endpoint(endpoint: Endpoint) -> Endpoint:
    """The row as it is now, held until the transaction ends; raises `NotFound`."""
    row = Endpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
    if row is None:
        raise NotFound("Not found.")
    return row


def wake_worker() -> None:
    """Have a worker look at once; the schedule does it soon anyway."""
    after_commit(partial(queue_task, "youworker.webhooks.tasks.deliver_events"))


def told(actions: Sequence[str]) -> list[str]:
    """Actions as words that an audit line may hold."""
    return ["everything" if one == EVERYTHING else one for one in actions]


def checked_actions(actions: Sequence[str]) -> list[str]:
    """The actions in order, once each; raises `InvalidInput` for others, and for none."""
    unknown = sorted(set(actions) - set(SUBSCRIBABLE))
    if unknown:
        name = repr(unknown[0][:64])
        raise InvalidInput("There is no action %(name)s.", attr="actions", name=name)
    if not actions:
        raise InvalidInput("Choose what is told.", attr="actions")
    return sorted(set(actions))


def checked_destination(url: str) -> str:
    """The address, if something may be sent there as far as is known now; it is looked at again.

    Raises `InvalidInput`. A name that is not known at present may be known later.
    """
    found = checked_url(url)
    if len(str(found)) > LONGEST_URL:
        raise InvalidInput("The address is too long.", attr="url")
    try:
        async_to_sync(require_permitted)(found.scheme, found.host, found.port)
    except EgressRefused as error:
        raise InvalidInput(
            "%(reason)s An operator may allow it by EGRESS_ALLOW.",
            attr="url",
            reason=error.in_words(),
        ) from error
    except (UpstreamUnavailable, TimeoutError):
        return str(found)
    return str(found)


async def require_permitted(scheme: str, host: str, port: int | None) -> None:
    """Raise `EgressRefused` when nothing may be sent there, `TimeoutError` when names take long."""
    async with asyncio.timeout(LOOKUP_SECONDS):
        await permitted_for(scheme)(host, port or SCHEMES[scheme])


def forget_events() -> int:
    """Remove events older than `WEBHOOK_RETENTION_DAYS` with their deliveries; how many."""
    before = timezone.now() - timedelta(days=config.webhook.retention_days)
    # One without deliveries may be getting them at this moment.
    old = Event.objects.filter(created_at__lt=before, distributed=True).order_by("created_at")
    removed = 0
    while batch := list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        Event.objects.filter(pk__in=batch).delete()
        removed += len(batch)
    return removed
