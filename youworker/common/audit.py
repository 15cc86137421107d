"""Who did what: one line per act, written through django-auditlog in the act's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditlog.context import auditlog_value
from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from youworker.common.correlation import correlation_id

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
    if subject is None:
        raise ValueError("An audit line needs an actor or a target.")
    context = auditlog_value.get(None) or {}
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(subject),
        object_pk=str(subject.pk),
        object_repr=type(subject).__name__,
        action=LogEntry.Action.ACCESS,
        actor=actor,
        remote_addr=context.get("remote_addr"),
        cid=correlation_id() or None,
        additional_data={"action": action, "result": result, **details},
    )
