"""What staff do from the admin, on any document or collection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.enums import PrivateKind
from accounts.services import open_private
from documents.models import Collection, Document, Tag
from documents.services.collections import release_guests, save_or_conflict
from documents.services.documents import passages_of
from documents.services.removal import (
    purge_collection,
    purge_document,
    removable_collections,
    removable_documents,
)
from youworker import audit
from youworker.core.exceptions import DomainError
from youworker.core.removal import remove_each

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User


@transaction.atomic
def hide_documents(documents: Iterable[Document], *, actor: User) -> int:
    """Delete documents in the way their owners would; how many were there."""
    hidden = 0
    for document in documents:
        if Document.all_objects.filter(pk=document.pk).soft_delete():
            audit.record("document.delete", actor=actor, target=document)
            hidden += 1
    return hidden


@transaction.atomic
def show_documents(documents: Iterable[Document], *, actor: User) -> int:
    """Restore deleted documents; how many came back."""
    shown = 0
    for document in documents:
        if Document.all_objects.filter(pk=document.pk).restore():
            audit.record("document.restore", actor=actor, target=document)
            shown += 1
    return shown


def purge_documents(documents: Iterable[Document], *, actor: User) -> int:
    """Remove deleted documents for good; how many went.

    Those that are not deleted, or are under a legal hold, stay.
    """
    return remove_each(removable_documents(documents), partial(purge_document, actor=actor))


def purge_collections(collections: Iterable[Collection], *, actor: User) -> int:
    """Remove deleted collections for good, with their documents; how many went.

    Those that are not deleted, or have something under a legal hold, stay.
    """
    return remove_each(removable_collections(collections), partial(purge_collection, actor=actor))


@transaction.atomic
def hide_collections(collections: Iterable[Collection], *, actor: User) -> int:
    """Delete collections other than default ones; how many were there."""
    hidden = 0
    for collection in collections:
        rows = Collection.all_objects.filter(pk=collection.pk, is_default=False)
        if rows.alive().exists():
            release_guests(collection)
            hidden += rows.soft_delete()
            audit.record("collection.delete", actor=actor, target=collection)
    return hidden


def show_collections(collections: Iterable[Collection], *, actor: User) -> int:
    """Restore deleted collections whose name is free; how many came back."""
    shown = 0
    for collection in collections:
        shown += show_collection(collection, actor=actor)
    return shown


@transaction.atomic
def show_collection(collection: Collection, *, actor: User) -> bool:
    """Restore one collection; false when it is not deleted or its name is taken."""
    rows = Collection.all_objects.deleted().filter(pk=collection.pk)
    found = rows.select_for_update(no_key=True).first()
    if found is None:
        return False
    found.deleted_at = None
    try:
        save_or_conflict(found, "deleted_at")
    except DomainError:
        return False
    audit.record("collection.update", actor=actor, target=found, fields=["deleted_at"])
    return True


@transaction.atomic
def save_tag(tag: Tag, *, actor: User) -> None:
    """Write a tag of everybody's, new or renamed."""
    tag.save()
    audit.record("admin.settings.update", actor=actor, target=tag, setting="tag")


@transaction.atomic
def remove_tags(tags: Iterable[Tag], *, actor: User) -> None:
    """Take tags off everybody's documents, for good."""
    for tag in tags:
        audit.record("admin.settings.update", actor=actor, target=tag, setting="tag")
        tag.delete()


@transaction.atomic
def read_document(document: Document, *, reason: str, actor: User) -> list[tuple[str, str]]:
    """Note who reads a document and why, and give its passages; raises `Forbidden`."""
    open_private(
        document,
        kind=PrivateKind.DOCUMENT,
        title=document.title,
        owner=document.owner,
        reason=reason,
        actor=actor,
    )
    return [
        (passage.heading or f"Passage {passage.ordinal}", passage.text)
        for passage in passages_of(document)
    ]
