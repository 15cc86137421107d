"""How a file that was read becomes a document: its content once in a collection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from documents.exceptions import DocumentDeleted
from documents.models import Document
from documents.services.files import remove_unused_files
from documents.services.passages import TITLE_LENGTH, renew_index, write_passages
from documents.services.tags import add_tags
from documents.services.versions import DESCRIBED, keep_version
from documents.text import without_nul
from youworker import audit
from youworker.core.effects import after_commit
from youworker.core.sql import lock_names
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User
    from documents.models import Collection, StoredFile
    from documents.types import PassageDraft


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file that was read: where it comes from, its content, and what it says.

    `path_hash` is its place among the files of its owner (`upload_path_hash`, `server_path_hash`):
    other bytes at the same place of a collection are a new version of the document.
    """

    name: str
    uri: str
    path_hash: str
    sha256: str
    size: int
    mime: str
    passages: Sequence[PassageDraft]
    language: str
    pages: int | None = None
    title: str = ""
    stored_file: StoredFile | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """The document of a file; `duplicate` when its content was in the collection before.

    `replaced` when another file was the document until now, of which this is a new version.
    """

    document: Document
    duplicate: bool
    replaced: bool = False


@transaction.atomic
def store_parsed(
    file: ParsedFile,
    *,
    collection: Collection,
    tags: Iterable[str] = (),
    accepted_at: datetime | None = None,
    run_id: UUID | None = None,
    actor: User,
) -> StoredDocument:
    """Make a file a document of the actor's that is found by keyword from the commit on.

    A living document of the collection with the same content or, for a file of the actor's, the
    same place is the file's document, and gets the tags. It is brought up to date, and what it was
    made of before becomes an older version, except by the same content under another name, which
    changes nothing. Other collections are not looked at,
    and what was deleted stays so: raises `DocumentDeleted` when that happened after `accepted_at`,
    the database's time at which the file was handed in. The caller has checked that the actor may
    write to the collection. `run_id` leads the audit to the line of the upload itself.
    """
    # One transaction at a time looks whether these are there, and adds them.
    lock_names(f"{collection.pk}:{file.sha256}", f"{collection.pk}:{file.path_hash}")
    known = known_document(file, collection, actor)
    duplicate = known is not None and known.sha256 == file.sha256
    if known is None:
        require_not_deleted_since(file, collection, actor, accepted_at)
    document = known or add_document(file, collection, actor)
    replaced = known is not None and not duplicate
    if replaced:
        keep_version(document)
    if not duplicate or document.uri == without_nul(file.uri):
        refresh_document(document, file)
    add_tags(document, tags)
    audit.record(
        "document.upload",
        actor=actor,
        target=document,
        bytes=file.size,
        run=run_id,
        duplicate=duplicate,
        version=document.version,
    )
    return StoredDocument(document, duplicate, replaced)


def known_document(file: ParsedFile, collection: Collection, actor: User) -> Document | None:
    """The living document of the same place or the same content in a collection, locked.

    While it is being moved, deleted, restored or purged, this waits for the outcome.
    """
    # By id: the lock spares the rows of owner and collection, which others use.
    here = Document.objects.filter(collection=collection).order_by("pk")
    here = here.select_for_update(no_key=True)
    same_place = here.filter(owner=actor, path_hash=file.path_hash).first()
    return same_place or here.filter(sha256=file.sha256).first()


def require_not_deleted_since(
    file: ParsedFile, collection: Collection, actor: User, accepted_at: datetime | None
) -> None:
    """Raise `DocumentDeleted` when a file's document went after the file was handed in."""
    if accepted_at is None:
        return
    same = Q(sha256=file.sha256) | Q(owner=actor, path_hash=file.path_hash)
    deleted = Document.all_objects.filter(same, collection=collection, deleted_at__gt=accepted_at)
    if deleted.exists():
        raise DocumentDeleted("The document was deleted after this file was handed in.")


def add_document(file: ParsedFile, collection: Collection, actor: User) -> Document:
    """Add a document that has no passages yet."""
    document = Document(
        owner=actor,
        collection=collection,
        title=clean_name(file.name)[:TITLE_LENGTH] or "Untitled",
        path_hash=file.path_hash,
    )
    describe_file(document, file)
    document.save(force_insert=True)
    return document


def describe_file(document: Document, file: ParsedFile) -> None:
    """Note which file a document is made of."""
    document.uri = without_nul(file.uri)
    document.sha256, document.size = file.sha256, file.size
    document.mime = file.mime[:255]
    document.stored_file = file.stored_file


def refresh_document(document: Document, file: ParsedFile) -> None:
    """Let a document say what its file says; its id, shares and a given title stay."""
    replaced = document.stored_file_id
    describe_file(document, file)
    document.save_fields(*DESCRIBED)
    if replaced and replaced != document.stored_file_id:
        after_commit(partial(remove_unused_files, [replaced]))
    write_passages(
        document, file.passages, language=file.language, pages=file.pages, title=file.title or None
    )


@transaction.atomic
def move_file_of_document(document: Document, *, name: str, uri: str, path_hash: str) -> None:
    """Let a document be that of a file which has another place now; its text stays.

    A title that was the file's name becomes the new name.
    """
    former = clean_name(document.uri.rpartition("/")[2])[:TITLE_LENGTH]
    document.uri, document.path_hash = without_nul(uri), path_hash
    document.save_fields("uri", "path_hash")
    if document.title == former and not document.renamed:
        document.title = clean_name(name)[:TITLE_LENGTH] or document.title
        document.save_fields("title")
        renew_index(document)
    audit.record("document.update", actor=document.owner, target=document, fields=["uri"])
