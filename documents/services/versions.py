"""Older versions of a document: kept when its file changes, restored, and removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone

from documents.models import Document, DocumentVersion, VersionPassage
from documents.queries import documents_under_hold
from documents.services.documents import require_writable, required
from documents.services.files import remove_unused_files
from documents.services.passages import draft_of, write_passages
from quotas.enums import QuotaKind
from quotas.policies import enforce_quota, find_limits
from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.exceptions import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User
    from documents.types import PassageDraft

# What a version and the document itself say of their file.
DESCRIBED = ("uri", "sha256", "mime", "size", "stored_file")

# Without reading the texts: a long document has megabytes of them.
COPY = """
    INSERT INTO documents_versionpassage
        (version_id, passage_id, ordinal, text, heading, page, start, "end", second, layout)
    SELECT %s, id, ordinal, text, heading, page, start, "end", second, layout
    FROM documents_passage WHERE document_id = %s
"""


def keep_version(document: Document) -> DocumentVersion | None:
    """Keep what a document is now as an older version, before its file is replaced.

    Runs in the caller's transaction, which has locked the document, and counts its version up.
    None when no older versions are kept.
    """
    now = timezone.now()
    kept = copy_version(document, now) if config.ingestion.versions_kept else None
    document.version += 1
    document.version_since = now
    document.save_fields("version", "version_since")
    prune_versions(document)
    return kept


def copy_version(document: Document, now: datetime) -> DocumentVersion:
    """An older version that says what a document said until now, with its passages."""
    version = DocumentVersion(
        created_at=now,
        document=document,
        number=document.version,
        since=document.version_since or document.created_at,
        title=document.title,
        language=document.language,
        pages=document.pages,
        passage_count=document.passage_count,
        **{name: getattr(document, name) for name in DESCRIBED},
    )
    version.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(COPY, [version.pk, document.pk])
    return version


def prune_versions(document: Document) -> None:
    """Remove versions beyond those that are kept, unless a legal hold keeps the document."""
    oldest = DocumentVersion.objects.filter(document=document).newest_version_first()
    beyond = list(oldest[config.ingestion.versions_kept :])
    if beyond and not documents_under_hold().filter(pk=document.pk).exists():
        remove_versions(beyond)


def remove_versions(versions: Iterable[DocumentVersion]) -> None:
    """Remove versions with the files that nothing else refers to."""
    rows = list(versions)
    hashes = {row.stored_file_id for row in rows if row.stored_file_id}
    DocumentVersion.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if hashes:
        after_commit(partial(remove_unused_files, hashes))


def hashes_of_versions(document: Document) -> set[str]:
    """The files that only versions of a document may refer to."""
    rows = DocumentVersion.objects.filter(document=document, stored_file__isnull=False)
    return set(rows.values_list("stored_file", flat=True))


def versions_of(document: Document) -> list[DocumentVersion]:
    """The older versions of a document, the latest first."""
    return list(DocumentVersion.objects.filter(document=document).newest_version_first())


def visible_version(document_id: UUID, number: int, *, actor: User) -> DocumentVersion:
    """An older version of a document that somebody may read now; raises `NotFound`."""
    rows = DocumentVersion.objects.visible_to(actor).filter(document=document_id, number=number)
    found = rows.select_related("document", "stored_file").first()
    if found is None:
        raise NotFound("There is no such version.")
    return found


@transaction.atomic
def restore_version(document: Document, number: int, *, actor: User) -> Document:
    """Make what an older version says the newest one; what is shown now becomes an older one.

    Raises `NotFound`, `Forbidden`, and `StorageQuotaExceeded` when its owner has no room.
    """
    require_writable(document, actor)
    version = visible_version(document.pk, number, actor=actor)
    # Before the document is locked: in this order files are stored, too.
    limits = find_limits(document.owner, kinds=[QuotaKind.STORED_BYTES])
    enforce_quota(limits, {QuotaKind.STORED_BYTES: version.size})
    document = lock_writable(document, actor)
    # Read again: it may be pruned meanwhile, and keeping the present one may prune it, too.
    version = visible_version(document.pk, number, actor=actor)
    drafts = drafts_of(version)
    keep_version(document)
    for name in DESCRIBED:
        setattr(document, name, getattr(version, name))
    document.save_fields(*DESCRIBED)
    write_passages(
        document, drafts, language=version.language, pages=version.pages, title=version.title
    )
    audit.record(
        "document.update", actor=actor, target=document, fields=["version"], version=number
    )
    return document


@transaction.atomic
def delete_version(document: Document, number: int, *, actor: User) -> None:
    """Remove an older version for good; raises `NotFound`, `Forbidden`, and `Conflict`."""
    require_writable(document, actor)
    document = lock_writable(document, actor)
    version = visible_version(document.pk, number, actor=actor)
    if documents_under_hold().filter(pk=document.pk).exists():
        raise Conflict("A legal hold keeps this document with its versions.")
    remove_versions([version])
    audit.record(
        "document.update", actor=actor, target=document, fields=["versions"], version=number
    )


def lock_writable(document: Document, actor: User) -> Document:
    """A living document, locked, that the actor may change; raises `NotFound`."""
    rows = Document.objects.visible_to(actor).writable_by(actor).filter(pk=document.pk)
    return required(rows.select_for_update(of=("self",), no_key=True).first())


def drafts_of(version: DocumentVersion) -> list[PassageDraft]:
    """The passages of an older version as they were read from its file."""
    rows = VersionPassage.objects.filter(version=version).order_by("ordinal")
    return [draft_of(row) for row in rows.iterator(1000)]
