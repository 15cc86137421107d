"""How documents come, change and go."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from documents.enums import DocumentStatus
from documents.exceptions import DocumentDeleted
from documents.models import Collection, Document, Passage
from documents.services.collections import writable_collection
from documents.services.files import remove_unused_file
from documents.services.passages import retitle_passages
from documents.services.sharing import share_document
from documents.services.tags import add_tags, set_tags
from documents.text import without_nul
from youworker.common import audit
from youworker.common.effects import after_commit
from youworker.common.exceptions import Forbidden, InvalidInput, NotFound
from youworker.common.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import PurePath
    from uuid import UUID

    from accounts.models import User

TITLE_LENGTH = 500
REFRESHED = ("uri", "sha256", "mime", "size", "file", "status", "deleted_at", "updated_at")


def upload_path_hash(sha256: str) -> str:
    """The place of an uploaded file: its content, so that a second upload is the same document."""
    return hashlib.sha256(f"upload:{sha256}".encode()).hexdigest()


def server_path_hash(path: str | PurePath) -> str:
    """The place of a file of the server, or of a web page."""
    return hashlib.sha256(f"path:{path}".encode()).hexdigest()


@validate_not_empty("name", "path_hash", "sha256")
@transaction.atomic
def register_document(
    *,
    name: str,
    uri: str,
    path_hash: str,
    sha256: str,
    mime: str,
    size: int,
    file: str,
    collection: Collection,
    tags: Iterable[str],
    run_id: UUID | None = None,
    accepted_at: datetime | None = None,
    actor: User,
) -> Document:
    """Note that a file is there and its passages are to come; the actor becomes its owner.

    The same place, or the same living content, is one document: it is refreshed, and comes back
    when it was deleted before `accepted_at`, the database's time at which the file was handed in.
    Raises `DocumentDeleted` when it was deleted later. The caller has checked that the collection
    is writable. `run_id` leads the audit to the line of the upload itself, which knows where it
    came from.
    """
    draft = Document(
        owner=actor,
        collection=collection,
        title=without_nul(name).strip()[:TITLE_LENGTH] or "Untitled",
        uri=without_nul(uri),
        mime=mime[:255],
        size=size,
        sha256=sha256,
        path_hash=path_hash,
        file=file,
    )
    lock_content(actor, sha256)
    document = known_document(draft) or insert_or_find(draft)
    if document is not draft:
        require_not_deleted_since(document, accepted_at)
        refresh(document, draft)
    add_tags(document, tags)
    audit.record("document.upload", actor=actor, target=document, bytes=size, run=run_id)
    return document


def lock_content(actor: User, sha256: str) -> None:
    """Let one transaction at a time register these bytes for this owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{actor.pk}:{sha256}"]
        )


def known_document(draft: Document) -> Document | None:
    """The document of the same place or the same living content, locked.

    While it is being deleted, restored or purged, this waits for the outcome.
    """
    # By id: the lock spares the rows of owner and collection, which others use.
    known = Document.all_objects.filter(owner=draft.owner).order_by("pk")
    known = known.select_for_update(no_key=True)
    same_place = known.filter(path_hash=draft.path_hash).first()
    return same_place or known.alive().filter(sha256=draft.sha256).first()


def insert_or_find(draft: Document) -> Document:
    """Insert a document unless its place was taken meanwhile; the row that is there now."""
    Document.all_objects.bulk_create([draft], ignore_conflicts=True)
    found = Document.all_objects.get(owner=draft.owner, path_hash=draft.path_hash)
    return draft if found.pk == draft.pk else found


def require_not_deleted_since(document: Document, accepted_at: datetime | None) -> None:
    """Raise `DocumentDeleted` when a known document went after its file was handed in."""
    collection = document.collection
    deletions = [when for when in (document.deleted_at, collection.deleted_at) if when is not None]
    if accepted_at is not None and deletions and max(deletions) > accepted_at:
        raise DocumentDeleted("The document was deleted after this file was handed in.")


def refresh(document: Document, draft: Document) -> None:
    """Bring a known document up to date with its file; its id, title and shares stay."""
    replaced = document.file
    returning = document.is_deleted
    for name in ("uri", "sha256", "mime", "size", "file"):
        setattr(document, name, getattr(draft, name))
    if returning and not document.renamed:
        document.title = draft.title
    # The default collection is where a file goes when nobody says where: it moves nothing.
    if returning or not draft.collection.is_default or document.collection.is_deleted:
        document.collection = draft.collection
    document.status = DocumentStatus.PROCESSING
    document.deleted_at = None
    document.save_fields(*REFRESHED[:-1], "title", "collection")
    if replaced and replaced != draft.file:
        after_commit(partial(remove_unused_file, replaced))


@transaction.atomic
def update_document(document: Document, *, actor: User, **changes: Any) -> Document:
    """Change `title`, `tags`, `collection_id` and `shares` (group ids) of a visible document.

    Whoever may write may rename and tag; moving and sharing is for the owner of the document
    or of its collection. Raises `Forbidden`.
    """
    require_writable(document, actor)
    if {"collection_id", "shares"} & set(changes):
        require_managed(document, actor)
    if "title" in changes:
        rename(document, changes["title"])
    if "collection_id" in changes:
        move(document, changes["collection_id"], actor=actor)
    if "tags" in changes:
        set_tags(document, changes["tags"])
    if "shares" in changes:
        share_document(document, changes["shares"], actor=actor)
    fields = sorted(set(changes) - {"shares"})
    if fields:
        audit.record("document.update", actor=actor, target=document, fields=fields)
    return document


def rename(document: Document, title: str) -> None:
    """Give a title that parsing the file again does not change."""
    if not title.strip():
        raise InvalidInput("This may not be empty.", attr="title")
    document.title = title.strip()[:TITLE_LENGTH]
    document.renamed = True
    document.save_fields("title", "renamed")
    retitle_passages(document)


def move(document: Document, collection_id: UUID, *, actor: User) -> None:
    """Put a document into another collection the actor may fill."""
    try:
        document.collection = writable_collection(collection_id, actor=actor)
    except NotFound as error:
        raise InvalidInput("There is no such collection.", attr="collection_id") from error
    document.save_fields("collection")


@transaction.atomic
def delete_document(document: Document, *, actor: User) -> None:
    """Hide a document; it can be restored until it is purged."""
    require_writable(document, actor)
    if Document.all_objects.filter(pk=document.pk).soft_delete():
        audit.record("document.delete", actor=actor, target=document)


@transaction.atomic
def restore_document(document_id: UUID, *, actor: User) -> Document:
    """Show a deleted document again; nothing happens when it is not deleted."""
    rows = Document.all_objects.filter(pk=document_id)
    # Locked, because it may be purged at this moment.
    locked = rows.reachable_by(actor).select_for_update(of=("self",), no_key=True)
    document: Document | None = locked.first()
    if document is None:
        raise NotFound("There is no such document.")
    require_writable(document, actor)
    if rows.restore():
        document.deleted_at = None
        audit.record("document.restore", actor=actor, target=document)
    return document


def record_access(document: Document, *, actor: User) -> None:
    """Note in the audit log that somebody opened the original."""
    audit.record("document.access", actor=actor, target=document)


def passages_of(document: Document) -> Sequence[Passage]:
    """The passages of one document in reading order."""
    return list(Passage.objects.filter(document=document).order_by("ordinal"))


def require_writable(document: Document, actor: User) -> None:
    """Raise `Forbidden` unless the actor may change the document."""
    if not Document.all_objects.writable_by(actor).filter(pk=document.pk).exists():
        raise Forbidden("You may read this document, not change it.")


def require_managed(document: Document, actor: User) -> None:
    """Raise `Forbidden` unless the actor may move and share the document."""
    if not Document.all_objects.managed_by(actor).filter(pk=document.pk).exists():
        raise Forbidden("Only the owner of a document or of its collection may do this.")
