"""Counting what is heard and spoken for somebody, who may pay for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import ApiKey
from quotas.enums import UsageKind
from quotas.services import record_usage

if TYPE_CHECKING:
    from uuid import UUID


def record_heard(size: int, seconds: float, *, user_id: UUID, key_id: UUID | None) -> None:
    """Write down that so many bytes of sound, of so many seconds, were put into words."""
    record_usage(
        UsageKind.HEARING,
        user_id,
        key_id=existing_key(key_id),
        size=size,
        duration_ms=int(seconds * 1000),
    )


def record_spoken(text_bytes: int, *, user_id: UUID, key_id: UUID | None) -> None:
    """Write down that a text of so many bytes was spoken."""
    record_usage(UsageKind.SPEAKING, user_id, key_id=existing_key(key_id), size=text_bytes)


def existing_key(key_id: UUID | None) -> UUID | None:
    """A key that is still there: speech takes long enough for one to be removed meanwhile."""
    known = key_id is not None and ApiKey.objects.filter(pk=key_id).exists()
    return key_id if known else None
