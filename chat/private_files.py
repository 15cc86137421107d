"""The files of conversations: where they are handed in, and removed with what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from chat.models import Session, SessionCollection
from documents import services as documents
from groups.models import LegalHold
from ingestion import services as ingestion
from youworker.core.exceptions import NotFound
from youworker.core.removal import remove_each

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from accounts.models import User
    from documents.models import Collection
    from ingestion.store import Incoming

# Files beside a question that nobody asked within so many days go.
ABANDONED_DAYS = 7


class HandedIn(NamedTuple):
    """A file that arrived with a request: its item, and its content's hash."""

    item_id: UUID
    sha256: str


class ReceivedFile(NamedTuple):
    """The bytes of a file that arrived in another form than an upload.

    A file at the same place as another one of the conversation is a new version of that one; the
    place is its name, unless it is told.
    """

    name: str
    mime: str
    data: bytes
    place: str = ""


def hand_in_files(
    files: Sequence[ReceivedFile], *, actor: User, session_id: UUID | None = None
) -> list[HandedIn]:
    """Queue files for a conversation, or for a question that is about to be asked.

    Raises `NotFound` when the actor has no such conversation, and what an upload does: `TooLarge`,
    `StorageFull`, `StorageQuotaExceeded`.
    """
    if not files:
        return []
    received: list[Incoming] = []
    try:
        # What was received before one fails is discarded, too.
        for file in files:
            received.append(ingestion.receive_bytes(file.data, name=file.name, mime=file.mime))
            received[-1].place = file.place
        collection = ensure_private_collection(session_id, actor=actor)
        run = ingestion.start_upload(received, collection_id=collection.pk, actor=actor)
    finally:
        for incoming in received:
            incoming.discard()
    rows = run.items.order_by("position").values_list("pk", "sha256")
    return [HandedIn(pk, sha256) for pk, sha256 in rows]


@transaction.atomic
def ensure_private_collection(session_id: UUID | None, *, actor: User) -> Collection:
    """Where files of a conversation are handed in: made when it has none yet.

    Without a conversation it is a new one, which becomes that of the first question its files
    come with. Raises `NotFound` when the actor has no such conversation.
    """
    if session_id is not None:
        # Locked, so that two tabs make one.
        rows = Session.objects.visible_to(actor).select_for_update(no_key=True)
        if rows.filter(pk=session_id).first() is None:
            raise NotFound("Not found.")
        own = SessionCollection.objects.of_session(session_id).select_related("collection")
        known = own.filter(collection__deleted_at__isnull=True).first()
        if known is not None:
            return known.collection
    made = documents.create_private_collection(actor)
    SessionCollection.objects.create(user=actor, session_id=session_id, collection=made)
    return made


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
