"""Reading a source, and when: what changed becomes a run, what is gone goes from the collection."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from documents import services as documents
from documents.models import Document
from ingestion.enums import RunKind, SourceKind, SourceState
from ingestion.exceptions import SourceNotAllowed, SourceShrunk
from ingestion.models import IngestionRun, Source, SourceEntry
from ingestion.quotas import enforce_file_quota
from ingestion.services import record_run
from ingestion.syncing.folders import Changes, find_changes
from ingestion.syncing.rights import folder_of, require_allowed
from ingestion.web.addresses import page_url
from ingestion.web.bounds import Bounds
from ingestion.web.crawling import page_item
from youworker.core.exceptions import DomainError
from youworker.core.leases import RELEASED, keep_lease_alive, new_lease
from youworker.core.processes import new_token
from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from documents.managers import DocumentQuerySet
    from documents.models import Collection
    from ingestion.models import IngestionItem

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
ROWS_AT_ONCE = 1000
# So many files at least, and more than half of all, look like an accident.
SHRUNK_FILES = 10


class SyncTaken(Exception):
    """Somebody paused or deleted the source while it was read, or took it over."""


def begin_due(limit: int | None = None) -> int:
    """Read the sources whose time has come, one after the other; how many there were."""
    begun = 0
    while limit is None or begun < limit:
        source = claim_next()
        if source is None:
            return begun
        read_source(source)
        begun += 1
    return begun


def claim_next() -> Source | None:
    """Lease the source that waited longest; None when none is due."""
    for pk in Source.objects.to_be_read().order_by("next_sync_at").values_list("pk", flat=True):
        # Whoever was quicker has changed its state.
        token = new_token()
        row = Source.objects.to_be_read().filter(pk=pk)
        if row.update(state=SourceState.SYNCING, **new_lease(token, LEASE_SECONDS)):
            found: Source = Source.objects.select_related("owner").get(pk=pk)
            return found
    return None


def read_source(source: Source) -> None:
    """Find what changed in a claimed source and queue it; whatever goes wrong is its own."""
    try:
        with keep_lease_alive(Source.objects.held(source.lease_token), seconds=LEASE_SECONDS):
            collection = require_allowed(source)
            if source.kind == SourceKind.FOLDER:
                read_folder(source, collection)
            else:
                read_website(source, collection)
    except SyncTaken:
        logger.info("Source %s was taken away meanwhile", source.pk)
    except SourceNotAllowed as error:
        pause_source(source, error)
    except DomainError as error:
        fail_sync(source, error.code, error.message)
    except Exception:
        logger.exception("Source %s could not be read", source.pk)
        fail_sync(source, "internal_error", "The source could not be read.")


def read_folder(source: Source, collection: Collection) -> None:
    """Queue new and changed files of a folder; raises `SourceUnavailable` and its kinds."""
    root = folder_of(source)
    entries = list(source.entries.all())
    changes = find_changes(source, root, entries)
    require_confirmed(source, gone=len(changes.gone), known=len(entries))
    record_changes(source, collection, changes)


def require_confirmed(source: Source, *, gone: int, known: int) -> None:
    """Raise `SourceShrunk` when most of a source is gone and nobody said that this is right."""
    if gone >= SHRUNK_FILES and gone * 2 > known and not source.accepts_deletions:
        raise SourceShrunk(
            "%(gone)s of %(known)s files are gone. Confirm that their documents are to go, too.",
            gone=gone,
            known=known,
        )


@transaction.atomic
def record_changes(source: Source, collection: Collection, changes: Changes) -> None:
    """Write down what is to be read, and take over what moved and what went.

    Raises `SyncTaken`, and `StorageQuotaExceeded`.
    """
    hold(source)
    enforce_file_quota(changes.read, collection=collection, actor=source.owner)
    for entry, path, state in changes.moved:
        place = documents.server_path_hash(path)
        move_entry(entry, uri=str(path), place=place, name=path.name)
        entry.size, entry.modified_ns = state.size, state.modified_ns
        entry.save()
    let_go(source, changes.gone)
    SourceEntry.objects.bulk_create(
        [
            SourceEntry(
                source=source,
                path_hash=item.path_hash,
                uri=item.uri,
                size=changes.states[item.path_hash].size,
                modified_ns=changes.states[item.path_hash].modified_ns,
            )
            for item in changes.read
        ],
        # Without a hash until it was read: whatever keeps that from happening, the next sync does.
        update_conflicts=True,
        unique_fields=["source", "path_hash"],
        update_fields=["size", "modified_ns", "sha256"],
        batch_size=ROWS_AT_ONCE,
    )
    queue_run(source, RunKind.PATHS, changes.read, counts=changes.counts)


def read_website(source: Source, collection: Collection) -> None:
    """Queue the first page of a website and the pages that it had; links lead to new ones."""
    start = page_item(page_url(source.target), depth=0)
    known = source.entries.order_by("depth", "pk")
    others = [page_item(entry.uri, depth=entry.depth) for entry in known]
    pages = [start, *(page for page in others if page.path_hash != start.path_hash)]
    most = max(source.max_pages, len(pages))
    reach = Bounds(depth=source.depth, max_pages=most).stored()
    with transaction.atomic():
        hold(source)
        enforce_file_quota(pages, collection=collection, actor=source.owner)
        queue_run(source, RunKind.URL, pages, reach=reach, counts={})


def queue_run(
    source: Source,
    kind: RunKind,
    items: Sequence[IngestionItem],
    *,
    counts: dict[str, int],
    reach: dict[str, Any] | None = None,
) -> None:
    """Queue files of a source, and let go of its lease; runs in the caller's transaction."""
    if items:
        run = IngestionRun(
            owner=source.owner,
            kind=kind,
            target=source.target[:1000],
            collection_id=source.collection_id,
            tags=source.tags,
            source=source,
            reach=reach or {},
        )
        record_run(run, items)
    held = Source.objects.held(source.lease_token).filter(pk=source.pk)
    held.update(counts=counts, **RELEASED)


def hold(source: Source) -> None:
    """Lock a source that this process still has; raises `SyncTaken`."""
    held = Source.objects.held(source.lease_token).syncing().filter(pk=source.pk)
    if not held.select_for_update(no_key=True).exists():
        raise SyncTaken


def let_go(source: Source, entries: Iterable[SourceEntry]) -> None:
    """Forget files that are gone, and delete their documents, which can be restored.

    Documents that another file of this or another source of the owner's has as well stay, as that
    file's. So do those that somebody moved elsewhere, or has handed in otherwise. Runs in the
    caller's transaction.
    """
    gone = {entry.pk: entry for entry in entries}
    for entry in gone.values():
        document = living_document(entry, source)
        if document is None:
            delete_members(source, entry)
            continue
        same = SourceEntry.objects.filter(
            document=document,
            source__owner=source.owner_id,
            source__collection=source.collection_id,
        ).exclude(pk__in=gone)
        other = same.order_by("pk").first()
        if other is not None:
            name = other.uri.rpartition("/")[2]
            documents.move_file_of_document(
                document, name=name, uri=other.uri, path_hash=other.path_hash
            )
        elif document.path_hash == entry.path_hash:
            documents.delete_document(document, actor=source.owner)
    SourceEntry.objects.filter(pk__in=gone).delete()


def living_document(entry: SourceEntry, source: Source) -> Document | None:
    """The document of a file, as long as it is there, in the collection, and the owner's."""
    if entry.document_id is None:
        return None
    rows = documents_in_collection(source).filter(pk=entry.document_id)
    found: Document | None = rows.first()
    return found


def documents_in_collection(source: Source) -> DocumentQuerySet:
    """The owner's living documents in the collection that a source fills."""
    rows: DocumentQuerySet = Document.objects.in_living_collections()
    return rows.filter(collection=source.collection_id, owner=source.owner_id)


def delete_members(source: Source, entry: SourceEntry) -> None:
    """Delete what came out of an archive that is gone; an archive has no document itself."""
    came_out = documents_in_collection(source).filter(
        ingestion_items__run__source=source,
        ingestion_items__root__path_hash=entry.path_hash,
        ingestion_items__path_hash=F("path_hash"),
    )
    for document in came_out.distinct().order_by("pk"):
        documents.delete_document(document, actor=source.owner)


def move_entry(entry: SourceEntry, *, uri: str, place: str, name: str) -> None:
    """Let a file, and its document if that is only its own, have another place."""
    document = living_document(entry, entry.source)
    if document is not None and document.path_hash == entry.path_hash:
        documents.move_file_of_document(document, name=name, uri=uri, path_hash=place)
    entry.uri, entry.path_hash = uri, place


def pause_source(source: Source, error: DomainError) -> None:
    """Stop reading a source until somebody lets it go on."""
    end_sync(source, SourceState.PAUSED, error.code, error.message, next_sync_at=None)


def fail_sync(source: Source, code: str, detail: str) -> None:
    """Say why a source could not be read; it is tried again when it is due the next time."""
    later = next_time(source, timezone.now())
    end_sync(source, SourceState.FAILED, code, detail, next_sync_at=later)


def end_sync(source: Source, state: SourceState, code: str, detail: str, **changes: Any) -> bool:
    """End the sync of a source that this process holds; false when it does not any more."""
    held = Source.objects.held(source.lease_token).syncing().filter(pk=source.pk)
    return bool(
        held.update(
            state=state,
            error_code=code[:64],
            error_detail=detail,
            accepts_deletions=False,
            updated_at=timezone.now(),
            **RELEASED,
            **changes,
        )
    )


def reclaim_lost() -> int:
    """Let sources of processes that fell silent be read again; how many there were."""
    rows = Source.objects.syncing().leased()
    rows.suspect_expired()
    return sum(
        rows.lost().filter(pk=pk).update(state=SourceState.IDLE, **RELEASED)
        for pk in rows.lost().values_list("pk", flat=True)
    )


def next_time(source: Source, now: datetime) -> datetime | None:
    """The time after `now` at which a source is due; None when only somebody's wish counts.

    What was missed is made up once, not once for every time.
    """
    if source.every_hours:
        return now + timedelta(hours=source.every_hours)
    if source.daily_at is None:
        return None
    zone = zone_or_utc(source.owner.time_zone)
    today = now.astimezone(zone).date()
    # In the hour that a change of clocks leaves out, `fold` gives the time before it.
    days = (datetime.combine(today + timedelta(days=n), source.daily_at, zone) for n in range(3))
    return next(day for day in days if day > now)
