"""Removing for good what was deleted long enough ago."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from documents.models import Collection, Document
from documents.queries import collections_under_hold, documents_under_hold
from documents.services.collections import release_guests
from documents.services.files import remove_unused_files
from documents.services.versions import hashes_of_versions
from youworker import audit
from youworker.core.effects import after_commit
from youworker.core.removal import remove_each

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User
    from documents.managers import CollectionQuerySet, DocumentQuerySet


def purge_deleted(before: datetime, *, dry_run: bool = False) -> int:
    """Remove documents and collections deleted before a time, with their files; how many.

    What is under a legal hold stays.
    """
    documents = Document.all_objects.deleted().filter(deleted_at__lt=before)
    documents = documents.exclude(pk__in=documents_under_hold().values("pk"))
    collections = Collection.all_objects.deleted().filter(deleted_at__lt=before)
    collections = collections.exclude(pk__in=collections_under_hold().values("pk"))
    if dry_run:
        return documents.count() + collections.count()
    return remove_each(documents, purge_document) + remove_each(collections, purge_collection)


def removable_documents(documents: Iterable[Document]) -> DocumentQuerySet:
    """Those of some documents that may go for good: deleted, and under no legal hold."""
    rows = Document.all_objects.deleted().filter(pk__in=[each.pk for each in documents])
    return rows.exclude(pk__in=documents_under_hold().values("pk"))


def removable_collections(collections: Iterable[Collection]) -> CollectionQuerySet:
    """Those of some collections that may go for good: deleted, with nothing under a legal hold."""
    rows = Collection.all_objects.deleted().filter(pk__in=[each.pk for each in collections])
    return rows.exclude(pk__in=collections_under_hold().values("pk"))


@transaction.atomic
def purge_document(document: Document, *, actor: User | None = None) -> None:
    """Remove one document with its passages, vectors, versions and stored originals."""
    audit.record("document.purge", actor=actor, target=document)
    hashes = hashes_of_versions(document)
    if document.stored_file_id is not None:
        hashes.add(document.stored_file_id)
    document.hard_delete()
    if hashes:
        after_commit(partial(remove_unused_files, hashes))


@transaction.atomic
def purge_collection(collection: Collection, *, actor: User | None = None) -> None:
    """Remove one collection, which is locked, with what its owner left in it."""
    audit.record("collection.purge", actor=actor, target=collection)
    release_guests(collection)
    documents = Document.all_objects.filter(collection=collection)
    remove_each(documents, partial(purge_document, actor=actor))
    collection.hard_delete()


def purge_private_collections(ids: Ids[UUID]) -> int:
    """Remove the collections of conversations that go for good, with their files; how many."""
    rows = Collection.all_objects.private().filter(pk__in=ids)
    return remove_each(rows, purge_collection)


def erase_library(user: User) -> int:
    """Remove everything a user owns here, with the files; how many documents.

    What others put into their collections goes to their own default collections.
    """
    erased = remove_each(Document.all_objects.filter(owner=user), purge_document)
    remove_each(Collection.all_objects.filter(owner=user), purge_collection)
    return erased
