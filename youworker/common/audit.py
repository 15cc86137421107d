"""Who did what: one line per act, written through django-auditlog in the act's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditlog.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from youworker.common.correlation import correlation_id
from youworker.common.origin import origin

if TYPE_CHECKING:
    from django.db import models

    from accounts.models import User


def record(
    action: str,
    *,
    actor: User | None,
    target: models.Model | None = None,
    result: str = "ok",
    **details: Any,
) -> None:
    """Write one audit line; `details` hold ids and counts, never content or secrets."""
    subject = target if target is not None else actor
    # Without either, the line is about somebody unknown: a user without an id.
    # `__class__`, because the user of a session is a lazy object of another type.
    kind = get_user_model() if subject is None else subject.__class__
    where = origin()
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(kind),
        object_pk="" if subject is None else str(subject.pk),
        object_repr=kind.__name__,
        action=LogEntry.Action.ACCESS,
        actor=actor,
        remote_addr=where.address or None,
        cid=correlation_id() or None,
        additional_data={
            "action": action,
            "result": result,
            # The id outlives the user: after an erasure it is the pseudonym.
            "actor": str(actor.pk) if actor else None,
            "key": str(where.key_id) if where.key_id else None,
            **details,
        },
    )
