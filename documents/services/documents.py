"""How documents come, change and go."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, Any

from django.db import transaction

from documents.language import LANGUAGES, text_config
from documents.models import Document, DocumentShare, Passage
from documents.services.collections import writable_collection
from documents.services.passages import renew_index
from documents.services.sharing import share_document
from documents.services.tags import set_tags
from quotas.enums import QuotaKind
from quotas.policies import enforce_quota, find_limits
from youworker import audit
from youworker.core.config import config
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePath
    from uuid import UUID

    from accounts.models import User

TITLE_LENGTH = 500


def upload_path_hash(name: str) -> str:
    """The place of an uploaded file: its name, so that other bytes of it are a new version."""
    # macOS sends decomposed names.
    composed = unicodedata.normalize("NFC", name)
    return hashlib.sha256(f"name:{composed}".encode()).hexdigest()


def content_path_hash(sha256: str) -> str:
    """The place of a file whose name says nothing: its content."""
    return hashlib.sha256(f"upload:{sha256}".encode()).hexdigest()


def server_path_hash(path: str | PurePath) -> str:
    """The place of a file of the server, or of a web page."""
    return hashlib.sha256(f"path:{path}".encode()).hexdigest()


def member_path_hash(archive: str, path: str) -> str:
    """The place of a file in an archive that has a place itself, so that a changed one follows."""
    return hashlib.sha256(f"member:{archive}!/{path}".encode()).hexdigest()


@transaction.atomic
def update_document(document: Document, *, actor: User, **changes: Any) -> Document:
    """Change `title`, `language`, `tags`, `collection_id` and `shares` of a visible document.

    `shares` are group ids. Whoever may write may rename, tag and say the language; moving and
    sharing is for the owner of the document or of its collection. Raises `Forbidden`.
    """
    require_writable(document, actor)
    if {"collection_id", "shares"} & set(changes):
        require_managed(document, actor)
    if "title" in changes:
        rename_document(document, changes["title"])
    if "language" in changes:
        choose_language(document, changes["language"])
    if "collection_id" in changes:
        move_document(document, changes["collection_id"], actor=actor)
    if "tags" in changes:
        set_tags(document, changes["tags"])
    if "shares" in changes:
        share_document(document, changes["shares"], actor=actor)
    fields = sorted(set(changes) - {"shares"})
    if fields:
        audit.record("document.update", actor=actor, target=document, fields=fields)
    return document


@transaction.atomic
def change_document_share(document: Document, group_id: UUID, *, shared: bool, actor: User) -> None:
    """Let one group read a document, or no longer; for the owner of it or of its collection."""
    # Locked, so that two changes at once both last.
    Document.objects.select_for_update(no_key=True, of=("self",)).filter(pk=document.pk).first()
    groups = set(DocumentShare.objects.filter(document=document).values_list("group_id", flat=True))
    wanted = groups | {group_id} if shared else groups - {group_id}
    update_document(document, shares=wanted, actor=actor)


def rename_document(document: Document, title: str) -> None:
    """Give a title that parsing the file again does not change."""
    wanted = clean_name(title)[:TITLE_LENGTH]
    if not wanted:
        raise InvalidInput("This may not be empty.", attr="title")
    document.title = wanted
    document.renamed = True
    document.save_fields("title", "renamed")
    renew_index(document)


def choose_language(document: Document, code: str) -> None:
    """Index a document by the rules of a language, whatever parsing takes it for."""
    if code not in LANGUAGES:
        raise InvalidInput("This language is not known.", attr="language")
    document.language = code
    document.text_config = text_config(code, config.vector.language)
    document.language_chosen = True
    document.save_fields("language", "text_config", "language_chosen")
    renew_index(document)


def move_document(document: Document, collection_id: UUID, *, actor: User) -> None:
    """Put a document into another collection the actor may fill."""
    try:
        collection = writable_collection(collection_id, actor=actor)
    except NotFound as error:
        raise InvalidInput("There is no such collection.", attr="collection_id") from error
    if collection.is_private:
        # It would be removed with a conversation.
        raise InvalidInput("There is no such collection.", attr="collection_id")
    document.collection = collection
    document.save_fields("collection")


@transaction.atomic
def delete_document(document: Document, *, actor: User) -> None:
    """Hide a document; it can be restored until it is purged."""
    require_writable(document, actor)
    if Document.all_objects.filter(pk=document.pk).soft_delete():
        audit.record("document.delete", actor=actor, target=document)


@transaction.atomic
def restore_document(document_id: UUID, *, actor: User) -> Document:
    """Show a deleted document again; nothing happens when it is not deleted.

    Raises `StorageQuotaExceeded` when its owner has as many documents as they may have.
    """
    rows = Document.all_objects.filter(pk=document_id)
    reachable = rows.reachable_by(actor).select_related("owner")
    document = required(reachable.first())
    require_writable(document, actor)
    # Only living documents count: else deleting, uploading and restoring would add up.
    if document.deleted_at is not None:
        # Before the document is locked: in this order a retry of files does it, too.
        enforce_document_quota(document.owner)
    # Locked, because it may be purged at this moment.
    document = required(reachable.select_for_update(of=("self",), no_key=True).first())
    require_writable(document, actor)
    if rows.restore():
        document.deleted_at = None
        audit.record("document.restore", actor=actor, target=document)
    return document


def enforce_document_quota(owner: User) -> None:
    """Raise `StorageQuotaExceeded` when an owner may not have another living document.

    Runs in the caller's transaction, before it locks documents.
    """
    limits = find_limits(owner, kinds=[QuotaKind.DOCUMENTS])
    enforce_quota(limits, {QuotaKind.DOCUMENTS: 1})


def required(document: Document | None) -> Document:
    """The document that was found; raises `NotFound` when there is none."""
    if document is None:
        raise NotFound("There is no such document.")
    return document


def record_access(document: Document, *, actor: User) -> None:
    """Note in the audit log that somebody opened the original."""
    audit.record("document.access", actor=actor, target=document)


def passages_of(document: Document) -> Sequence[Passage]:
    """The passages of one document in reading order."""
    return list(Passage.objects.filter(document=document).order_by("ordinal"))


def require_writable(document: Document, actor: User) -> None:
    """Raise `Forbidden` unless the actor may change the document, `NotFound` once it is purged."""
    if not Document.all_objects.writable_by(actor).filter(pk=document.pk).exists():
        required(Document.all_objects.filter(pk=document.pk).first())
        raise Forbidden("You may read this document, not change it.")


def require_managed(document: Document, actor: User) -> None:
    """Raise `Forbidden` unless the actor may move and share the document."""
    if not Document.all_objects.managed_by(actor).filter(pk=document.pk).exists():
        raise Forbidden("Only the owner of a document or of its collection may do this.")
