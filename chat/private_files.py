"""Removing the files of conversations, with what is still being read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.models import SessionCollection
from documents import services as documents
from groups.models import LegalHold
from ingestion import services as ingestion
from youworker.core.removal import remove_each

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

# Files beside a question that nobody asked within so many days go.
ABANDONED_DAYS = 7


def remove_abandoned() -> int:
    """Remove files whose question was not asked for days; how many collections."""
    held = LegalHold.objects.held_users()
    rows = SessionCollection.objects.abandoned(ABANDONED_DAYS).exclude(user_id__in=held)
    return remove_each(rows, lambda row: remove_private_collections([row.collection_id]))


def remove_private_collections(ids: Sequence[UUID]) -> None:
    """Remove collections of conversations with their files, and what is still being read."""
    if ids:
        ingestion.erase_runs_into(ids)
        documents.purge_private_collections(ids)
