"""Removing for good what was deleted long enough ago."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from documents.models import Collection, Document
from documents.services.collections import release_guests
from documents.services.files import remove_unused_file
from youworker.common import audit
from youworker.common.effects import after_commit

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User


def purge_deleted(before: datetime, *, dry_run: bool = False) -> int:
    """Remove documents and collections deleted before a time, with their files; how many.

    What is under a legal hold stays.
    """
    documents = Document.all_objects.deleted().filter(deleted_at__lt=before).removable()
    collections = Collection.all_objects.deleted().filter(deleted_at__lt=before).removable()
    if dry_run:
        return documents.count() + collections.count()
    purged = 0
    for document in documents.iterator():
        purge_document(document)
        purged += 1
    for collection in collections.iterator():
        purge_collection(collection)
        purged += 1
    return purged


@transaction.atomic
def purge_document(document: Document) -> None:
    """Remove one document with its passages, vectors and stored original."""
    audit.record("document.purge", actor=None, target=document)
    document.hard_delete()
    after_commit(partial(remove_unused_file, document.file))


@transaction.atomic
def purge_collection(collection: Collection) -> None:
    """Remove one collection with what its owner left in it."""
    release_guests(collection)
    for document in Document.all_objects.filter(collection=collection):
        purge_document(document)
    collection.hard_delete()


def erase_library(user: User) -> int:
    """Remove everything a user owns here, with the files; how many documents.

    What others put into his collections goes to their own default collections.
    """
    erased = 0
    for document in Document.all_objects.filter(owner=user).iterator():
        purge_document(document)
        erased += 1
    for collection in Collection.all_objects.filter(owner=user):
        purge_collection(collection)
    return erased
