"""What people and operators do with ingestion runs."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from documents import services as documents
from groups.models import LegalHold
from ingestion.enums import IngestionStatus, RunKind, Stage
from ingestion.events import announce, wake_workers
from ingestion.exceptions import IngestionFinished, NothingToRetry
from ingestion.models import HeardPiece, IngestionItem, IngestionRun, ScannedPage
from ingestion.pipeline.leases import reclaim_expired_leases
from ingestion.pipeline.outcomes import close_finished_runs, finish_items
from ingestion.quotas import enforce_file_quota
from ingestion.sources import ServerPaths, Uploads, WebPages
from ingestion.sources.server_paths import allowed_roots
from ingestion.store import Incoming, remove_stale, safe_file_name
from ingestion.web.bounds import Bounds, checked_bounds
from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.exceptions import InvalidInput, NotFound
from youworker.core.idempotency import IdempotentWrite
from youworker.core.removal import remove_each
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from accounts.models import User
    from documents.models import Collection
    from ingestion.managers import ItemQuerySet
    from ingestion.sources import Source

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 1000
# Requests of a size that a lost connection does not make expensive; 20 an hour are enough.
FILES_AT_ONCE = 100
BYTES_AT_ONCE = 50_000_000


def upload_limits() -> dict[str, Any]:
    """What a page may send at once."""
    limits = config.ingestion
    return {
        "files_at_once": min(FILES_AT_ONCE, limits.max_upload_files),
        "bytes_at_once": min(BYTES_AT_ONCE, limits.max_upload_bytes),
        "largest_file": min(limits.max_file_bytes, limits.max_upload_bytes),
    }


@validate_not_empty("files")
def start_upload(
    files: Sequence[Incoming],
    *,
    collection_id: UUID | None = None,
    tags: Sequence[str] = (),
    actor: User,
    idempotency_key: str = "",
) -> IngestionRun:
    """Store received files and queue them; the same key and content give the same run.

    Raises `StorageFull`, `StorageQuotaExceeded`, and `InvalidInput` for a collection the actor
    does not see.
    """
    collection = chosen_collection(collection_id, actor=actor)
    source = Uploads(files)
    run = new_run(source, collection, tags, owner=actor)
    body = [collection_id, *tags, *((file.place or file.name, file.sha256) for file in files)]
    documents.prepare_files(files)
    return record_upload(run, source.discover(), files, key=idempotency_key, body=body)


@transaction.atomic
def record_upload(
    run: IngestionRun,
    items: Sequence[IngestionItem],
    files: Sequence[Incoming],
    *,
    key: str,
    body: list[Any],
) -> IngestionRun:
    """Store the files of an upload with its run, or find the run its `Idempotency-Key` made."""
    remembered = IdempotentWrite(key, body, actor=run.owner)
    if remembered.answer is not None:
        return IngestionRun.all_objects.get(pk=remembered.answer["run"])
    enforce_file_quota(items, collection=run.collection, actor=run.owner)
    documents.move_to_storage(files)
    record_run(run, items)
    remembered.store_answer({"run": str(run.pk)})
    return run


@validate_not_empty("paths")
def start_paths(
    paths: Sequence[str | Path],
    *,
    recursive: bool = False,
    collection_id: UUID | None = None,
    tags: Sequence[str] = (),
    actor: User,
    trusted: bool = False,
) -> IngestionRun:
    """Queue files of the server; folders give their files, with `recursive` all below them.

    Raises `Forbidden` unless the actor is staff, and `InvalidInput` for paths outside the allowed
    folders. `trusted` is for operators at the command line, who may name any path.
    """
    roots = None if trusted else allowed_roots(actor)
    collection = chosen_collection(collection_id, actor=actor)
    source = ServerPaths(paths, roots, recursive=recursive)
    run = new_run(source, collection, tags, owner=actor)
    record_paths(run, source.discover(), limited=not trusted)
    return run


@validate_not_empty("urls")
def start_urls(
    urls: Sequence[str],
    *,
    depth: int = 0,
    max_pages: int = 1,
    same_host: bool = True,
    collection_id: UUID | None = None,
    tags: Sequence[str] = (),
    actor: User,
) -> IngestionRun:
    """Queue web pages, and the pages they link to up to `depth` links away.

    Raises `InvalidInput` for what is no http(s) URL and for bounds nobody may ask for.
    """
    bounds = checked_bounds(Bounds(depth, max(max_pages, len(urls)), same_host))
    collection = chosen_collection(collection_id, actor=actor)
    source = WebPages(urls)
    run = new_run(source, collection, tags, owner=actor)
    run.reach = bounds.stored()
    record_paths(run, source.discover(), limited=True)
    return run


def new_run(
    source: Source,
    collection: Collection,
    tags: Sequence[str],
    *,
    owner: User,
) -> IngestionRun:
    """A run of a source, not saved yet."""
    return IngestionRun(
        owner=owner, kind=source.kind, target=source.target, collection=collection, tags=list(tags)
    )


@transaction.atomic
def record_paths(run: IngestionRun, items: Sequence[IngestionItem], *, limited: bool) -> None:
    """Write a run of server files; operators are not limited by quotas."""
    if limited:
        enforce_file_quota(items, collection=run.collection, actor=run.owner)
    record_run(run, items)


@transaction.atomic
def record_run(run: IngestionRun, items: Iterable[IngestionItem]) -> None:
    """Write a run with its items and wake the workers."""
    run.save(force_insert=True)
    rows = list(items)
    for position, item in enumerate(rows):
        item.run, item.position = run, position
    IngestionItem.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    audit.record("document.upload", actor=run.owner, target=run, kind=run.kind, files=len(rows))
    after_commit(wake_workers)


@transaction.atomic
def cancel_run(run: IngestionRun, *, actor: User | None = None) -> None:
    """Skip what has not been read yet; documents that are searchable already are completed.

    Raises `IngestionFinished` when nothing was left to be cancelled.
    """
    if not cancel_items(run):
        raise IngestionFinished("Every file of this run has been processed already.")
    logger.info("Run %s was cancelled by %s", run.pk, actor.pk if actor else "an operator")


def cancel_items(run: IngestionRun) -> int:
    """Skip a run's unread items; a worker that reads one finds its lease gone."""
    unread = run.items.unread()
    remove_files_later(unread)
    skipped = unread.change(
        stage=Stage.SKIPPED, lease_token=None, lease_until=None, stored_file=None
    )
    if skipped:
        cancelled = IngestionRun.all_objects.filter(pk=run.pk)
        cancelled.update(status=IngestionStatus.CANCELLED, updated_at=timezone.now())
        close_finished_runs([run.pk])
        after_commit(partial(announce, run, final=True))
    return skipped


@transaction.atomic
def retry_run(run: IngestionRun, *, limit: int | None = None, actor: User | None = None) -> int:
    """Queue the failed items of a run again; how many there were.

    Raises `NothingToRetry`, and `StorageQuotaExceeded` unless an operator asks.
    """
    failed = run.items.failed().readable_again().order_by("position")[:limit]
    return queue_again(run, failed, actor=actor)


@transaction.atomic
def retry_items(run: IngestionRun, ids: Iterable[UUID], *, actor: User) -> int:
    """Queue some failed items of a run again; how many there were.

    Raises `NothingToRetry` and `StorageQuotaExceeded`.
    """
    failed = run.items.failed().readable_again().filter(pk__in=ids)
    return queue_again(run, failed, actor=actor)


def queue_again(run: IngestionRun, failed: ItemQuerySet, *, actor: User | None) -> int:
    """Queue failed items of a run again, and open the run for them."""
    documents_of = dict(failed.values_list("pk", "document_id"))
    chosen = IngestionItem.objects.failed().filter(pk__in=documents_of)
    if actor is not None:
        unread = chosen.filter(document__isnull=True)
        enforce_file_quota(unread, collection=run.collection, actor=actor)
    fresh: dict[str, Any] = {"error_code": "", "error_detail": "", "lease_until": None}
    fresh |= {"failures": 0, "losses": 0, "accepted_at": Now()}
    # The documents before their items: in this order purging locks them, too.
    documents.retry_tasks({pk for pk in documents_of.values() if pk is not None})
    embedded = chosen.filter(document__isnull=False).change(stage=Stage.EMBEDDING, **fresh)
    parsed = chosen.change(stage=Stage.QUEUED, **fresh)
    if not embedded + parsed:
        raise NothingToRetry("No file of this run has failed, or can be tried again.")
    reopened = IngestionRun.all_objects.filter(pk=run.pk)
    # A crawl has as much time as at first; of other runs nobody measures it.
    begun = {"started_at": None} if run.kind == RunKind.URL else {}
    reopened.update(
        status=IngestionStatus.QUEUED, finished_at=None, updated_at=timezone.now(), **begun
    )
    after_commit(wake_workers)
    after_commit(partial(announce, run, final=True))
    logger.info("Run %s is retried by %s", run.pk, actor.pk if actor else "an operator")
    return embedded + parsed


@transaction.atomic
def delete_run(run: IngestionRun, *, actor: User | None = None) -> None:
    """Hide a run and skip what it has not read yet; its documents stay.

    Nobody can try again what failed in it, so these files go.
    """
    cancel_items(run)
    failed = run.items.failed()
    remove_files_later(failed)
    failed.change(stored_file=None)
    IngestionRun.all_objects.filter(pk=run.pk).soft_delete()
    logger.info("Run %s was deleted by %s", run.pk, actor.pk if actor else "an operator")


def sweep() -> None:
    """Repair what died, and wake workers when work waits."""
    repair()
    if IngestionRun.all_objects.with_work().exists() or documents.has_waiting_tasks():
        wake_workers()


def repair() -> None:
    """Take back what silent workers held, and end what nobody ended.

    Half-received files of processes that died are deleted, too.
    """
    remove_stale()
    reclaim_expired_leases()
    documents.reclaim_expired_tasks()
    documents.refresh_outdated_statuses()
    finish_items()
    close_finished_runs()
    remove_leftover_pages()


def remove_leftover_pages() -> None:
    """Forget pages of scans and pieces of recordings that have ended, in whichever way."""
    ScannedPage.objects.leftover().delete()
    HeardPiece.objects.leftover().delete()


def purge_deleted(before: datetime, *, dry_run: bool = False) -> int:
    """Remove runs for good that were deleted before then, and files only they had; how many.

    Those of users under a legal hold stay.
    """
    old = IngestionRun.all_objects.deleted().filter(deleted_at__lt=before)
    old = old.exclude(owner__in=LegalHold.objects.held_users())
    return old.count() if dry_run else remove_each(old, purge_run)


@transaction.atomic
def purge_run(run: IngestionRun) -> None:
    """Remove one run for good."""
    remove_files_later(run.items.all())
    run.hard_delete()


def remove_files_later(items: ItemQuerySet) -> None:
    """Remove the originals of some items after the commit, but for those that are still used."""
    stored = items.filter(stored_file__isnull=False).values_list("stored_file", flat=True)
    after_commit(partial(documents.remove_unused_files, set(stored)))


@transaction.atomic
def cancel_runs(user: User) -> int:
    """Skip what has not been read yet of all runs of a user; how many items."""
    return sum(
        cancel_items(run) for run in IngestionRun.all_objects.filter(owner=user).unfinished()
    )


def erase_runs(user: User) -> int:
    """Remove all runs of a user, and files that only they had; how many runs.

    A worker that reads one of the files finds its lease gone and stores nothing.
    """
    return remove_each(IngestionRun.all_objects.filter(owner=user), purge_run)


def erase_runs_into(collection_ids: Sequence[UUID]) -> int:
    """Remove the runs that fill some collections, which go for good; how many."""
    rows = IngestionRun.all_objects.filter(collection__in=list(collection_ids))
    return remove_each(rows, purge_run)


def receive_bytes(data: bytes, *, name: str, mime: str) -> Incoming:
    """Bytes that arrived in another form than an upload, as a file to be handed in.

    Raises `TooLarge` and `StorageFull`. The caller discards it in any case.
    """
    file = Incoming(name=safe_file_name(name), mime=mime, limit=config.ingestion.max_file_bytes)
    try:
        file.open()
        file.write(data)
        file.close()
    except BaseException:
        file.discard()
        raise
    return file


def chosen_collection(collection_id: UUID | None, *, actor: User) -> Collection:
    """The collection files go to: the actor's default one, or one they may write to."""
    if collection_id is None:
        return documents.ensure_default_collection(actor)
    try:
        return documents.writable_collection(collection_id, actor=actor)
    except NotFound as error:
        raise InvalidInput("There is no such collection.", attr="collection_id") from error


def visible_run(run_id: UUID, *, actor: User) -> IngestionRun:
    """A run of the actor's; raises `NotFound`."""
    run: IngestionRun | None = IngestionRun.objects.visible_to(actor).filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.")
    return run
