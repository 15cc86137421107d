"""Writes that may be sent twice and happen once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.utils.crypto import salted_hmac

from youworker.core.exceptions import IdempotencyMismatch, InvalidInput
from youworker.core.models import IdempotentRequest

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_KEY = 255


class IdempotentWrite:
    """One `Idempotency-Key` inside a service's transaction.

    The unique row is inserted first: a twin request waits for this transaction's end and
    then finds the answer, so neither a crash nor a race can post twice.
    """

    def __init__(self, key: str, body: Any, *, actor: User) -> None:
        """Claim the key; raises `IdempotencyMismatch` when it came with another body."""
        if len(key) > LONGEST_KEY:
            raise InvalidInput(f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        if "\0" in key:
            raise InvalidInput("An Idempotency-Key has no null characters.")
        digest = fingerprint_of(body)
        self.row: IdempotentRequest | None = None
        self.answer: dict[str, Any] | None = None
        if not key:
            return
        IdempotentRequest.objects.filter(user=actor, key=key).expired().delete()
        draft = IdempotentRequest(user=actor, key=key, fingerprint=digest)
        IdempotentRequest.objects.bulk_create([draft], ignore_conflicts=True)
        row = IdempotentRequest.objects.select_for_update().get(user=actor, key=key)
        if row.fingerprint != draft.fingerprint:
            raise IdempotencyMismatch("This Idempotency-Key was used with another body.")
        self.row = row
        self.answer = row.answer or None

    def store_answer(self, answer: dict[str, Any]) -> None:
        """Remember the first answer (plain JSON, nothing private) for 24 hours."""
        if self.row is not None:
            self.row.answer = answer
            self.row.save(update_fields=["answer"])


def fingerprint_of(body: Any) -> str:
    """What a body is known by. Keyed: with a plain hash readers of the database could guess."""
    plain = orjson.dumps(body, default=str, option=orjson.OPT_SORT_KEYS)
    return salted_hmac("youworker.idempotency", plain, algorithm="sha256").hexdigest()


def is_answered(key: str, body: Any, *, actor: User) -> bool:
    """Whether a request was answered before, as far as it can be told without claiming its key."""
    if not key or "\0" in key:
        return False
    rows = IdempotentRequest.objects.filter(user=actor, key=key, fingerprint=fingerprint_of(body))
    alive = rows.exclude(pk__in=rows.expired().values("pk"))
    return any(alive.values_list("answer", flat=True))
