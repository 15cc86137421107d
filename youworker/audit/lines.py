"""Writing one line of the audit log, and finding the lines that concern somebody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from auditlog.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.db.models.fields.json import KT

from youworker.audit.actions import ACTIONS, RESULTS
from youworker.core.request_context import correlation_id, request_origin

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from accounts.models import User

# Ids, hashes and words of fixed vocabularies. Titles, names, sentences, mail addresses, file
# names with spaces or capitals, and our API keys do not look like this.
PLAIN_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
LONGEST_LIST = 100
# Written by `record` itself.
RESERVED = frozenset({"key"})


def record(
    action: str,
    *,
    actor: User | None,
    target: Model | None = None,
    result: str = "ok",
    **details: Any,
) -> None:
    """Write one audit line in the caller's transaction.

    `details` hold ids, numbers, flags and words of fixed vocabularies, or lists of them. Raises
    `TypeError` for anything else, so that no content and no secret can get into the log, and
    `ValueError` for an action or a result that does not exist.
    """
    if action not in ACTIONS or result not in RESULTS:
        raise ValueError(f"There is no audit action {action!r} with the result {result!r}.")
    if RESERVED & set(details):
        raise TypeError("The API key of a line is filled in by itself.")
    subject = target if target is not None else actor
    # Without either, the line is about somebody unknown: a user without an id. A request's user
    # is a lazy object, whose own class is not the model.
    kind = get_user_model() if subject is None else subject._meta.model
    where = request_origin()
    # auditlog's `actor_email`, `changes`, `object_repr` of instances and `serialized_data` would
    # hold names and content, and outlive an erasure: they stay empty.
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
            **{name: plain(name, value) for name, value in details.items()},
        },
    )


def plain(name: str, value: Any) -> Any:
    """A detail as it is stored; raises `TypeError` for what might be content or a secret."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str) and PLAIN_WORD.fullmatch(value):
        # Members of TextChoices, too, are stored as plain text.
        return str(value)
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= LONGEST_LIST:
        return [scalar(name, each) for each in value]
    # The value itself is not repeated: it may be a secret.
    raise TypeError(f"The audit detail {name!r} may not hold this {type(value).__name__}.")


def scalar(name: str, value: Any) -> Any:
    """One entry of a list; lists in lists are refused."""
    if isinstance(value, list | tuple | set | frozenset):
        raise TypeError(f"The audit detail {name!r} may not hold lists of lists.")
    return plain(name, value)


def with_words() -> QuerySet[Any]:
    """Every line with `act`, `outcome`, `by`, `key` and `owner`, newest first."""
    rows: QuerySet[Any] = LogEntry.objects.annotate(
        act=KT("additional_data__action"),
        outcome=KT("additional_data__result"),
        by=KT("additional_data__actor"),
        key=KT("additional_data__key"),
        owner=KT("additional_data__owner"),
    )
    return rows.order_by("-timestamp", "-pk")


def has_happened(action: str) -> bool:
    """Whether the log has any line of an action."""
    return with_words().filter(act=action).exists()


def lines_about(user: User) -> QuerySet[Any]:
    """What somebody did, and what was done to them or to what is theirs alone."""
    # A request's user is a lazy object, whose own class is not the model.
    kind = ContentType.objects.get_for_model(get_user_model())
    about_them = Q(content_type=kind, object_pk=str(user.pk))
    return with_words().filter(Q(by=str(user.pk)) | about_them | Q(owner=str(user.pk)))
