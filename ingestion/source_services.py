"""What people do with sources: set them up, change them, have them read, remove them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from documents import services as documents
from ingestion.enums import SourceKind, SourceState
from ingestion.exceptions import SourceBusy, SourceUnavailable
from ingestion.models import IngestionRun, Source, SourceEntry, WebHost
from ingestion.services import cancel_items, chosen_collection
from ingestion.sources.server_paths import allowed_roots
from ingestion.syncing.beginning import begin_due, documents_in_collection, next_time, reclaim_lost
from ingestion.syncing.rights import checked_folder
from ingestion.syncing.settling import settle_read
from ingestion.web.addresses import name_of, page_url
from ingestion.web.bounds import Bounds, checked_bounds
from youworker import audit
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import InvalidInput, NotFound
from youworker.core.leases import RELEASED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time
    from uuid import UUID

    from accounts.models import User
    from documents.managers import DocumentQuerySet

LONGEST_NAME = 200
# After as long a robots.txt has to be read anew in any case.
FORGOTTEN_DAYS = 30
CHANGEABLE = ("name", "tags", "recursive", "depth", "max_pages", "every_hours", "daily_at")


@transaction.atomic
def create_source(
    kind: str,
    target: str,
    *,
    name: str = "",
    collection_id: UUID | None = None,
    tags: Sequence[str] = (),
    recursive: bool = True,
    depth: int = 2,
    max_pages: int = 200,
    every_hours: int | None = None,
    daily_at: time | None = None,
    actor: User,
) -> Source:
    """Let a collection follow a folder or a website; it is read at once.

    Raises `Forbidden` for a folder unless the actor is staff, and `InvalidInput` for what cannot
    be read or is no schedule.
    """
    source = Source(
        owner=actor,
        kind=kind,
        target=checked_target(kind, target, actor=actor),
        collection=chosen_collection(collection_id, actor=actor),
        tags=list(tags),
        recursive=recursive,
        depth=depth,
        max_pages=max_pages,
        every_hours=every_hours,
        daily_at=daily_at,
        next_sync_at=timezone.now(),
    )
    source.name = name.strip()[:LONGEST_NAME] or default_name(source)
    check_settings(source)
    source.save(force_insert=True)
    audit.record("source.create", actor=actor, target=source, kind=kind)
    after_commit(wake_syncs)
    return source


@transaction.atomic
def update_source(
    source: Source, *, paused: bool | None = None, actor: User, **changes: Any
) -> Source:
    """Change what is read when, or let a source rest; raises `InvalidInput`."""
    locked = lock_source(source)
    for name in set(CHANGEABLE) & set(changes):
        setattr(locked, name, changes[name])
    # Whoever names one kind of schedule ends the other.
    if changes.get("every_hours") and "daily_at" not in changes:
        locked.daily_at = None
    if changes.get("daily_at") and "every_hours" not in changes:
        locked.every_hours = None
    locked.name = locked.name.strip()[:LONGEST_NAME] or default_name(locked)
    check_settings(locked)
    if {"every_hours", "daily_at"} & set(changes) and locked.state != SourceState.PAUSED:
        locked.next_sync_at = next_time(locked, timezone.now())
    if paused is not None:
        set_paused(locked, paused=paused)
    locked.save()
    fields = sorted({*changes, *(["paused"] if paused is not None else [])})
    audit.record("source.update", actor=actor, target=locked, fields=fields)
    return locked


def set_paused(source: Source, *, paused: bool) -> None:
    """Let a locked source rest, or go on."""
    if paused and source.state != SourceState.PAUSED:
        source.state, source.next_sync_at = SourceState.PAUSED, None
        for name, value in RELEASED.items():
            setattr(source, name, value)
        cancel_reading(source)
    elif not paused and source.state == SourceState.PAUSED:
        source.state, source.error_code, source.error_detail = SourceState.IDLE, "", ""
        source.next_sync_at = timezone.now()
        after_commit(wake_syncs)


@transaction.atomic
def request_sync(source: Source, *, accept_deletions: bool = False, actor: User) -> Source:
    """Have a source read now; raises `SourceBusy` while it is read or rests.

    With `accept_deletions` documents of files that are gone go, even if most are.
    """
    changed = Source.objects.resting().filter(pk=source.pk)
    if not changed.update(
        next_sync_at=timezone.now(),
        accepts_deletions=accept_deletions,
        updated_at=timezone.now(),
    ):
        raise SourceBusy("The source is being read, or is paused.")
    audit.record("source.update", actor=actor, target=source, fields=["sync"])
    after_commit(wake_syncs)
    source.refresh_from_db()
    return source


@transaction.atomic
def delete_source(source: Source, *, remove_documents: bool = False, actor: User) -> int:
    """Forget a source, and delete the documents it brought if that is wished; how many.

    Documents that somebody moved to another collection stay.
    """
    locked = lock_source(source)
    cancel_reading(locked)
    removed = 0
    if remove_documents:
        for document in brought_by(locked):
            documents.delete_document(document, actor=locked.owner)
            removed += 1
    audit.record("source.delete", actor=actor, target=locked, documents=removed)
    locked.delete()
    return removed


def brought_by(source: Source) -> DocumentQuerySet:
    """The documents that only this source brought, and that are where it put them."""
    of_others = SourceEntry.objects.exclude(source=source).filter(document__isnull=False)
    is_file = Q(source_entries__source=source, source_entries__path_hash=F("path_hash"))
    came_out = Q(
        ingestion_items__run__source=source,
        ingestion_items__parent__isnull=False,
        ingestion_items__path_hash=F("path_hash"),
    )
    rows = documents_in_collection(source).filter(is_file | came_out)
    return rows.exclude(pk__in=of_others.values("document")).distinct().order_by("pk")


def cancel_reading(source: Source) -> None:
    """Skip what a source's runs have not read yet."""
    for run in IngestionRun.all_objects.filter(source=source).unfinished():
        cancel_items(run)


def run_syncs() -> int:
    """Take up lost syncs, end those that are through, and begin those that are due; how many."""
    reclaim_lost()
    settle_read()
    begun = begin_due()
    # A folder in which nothing changed is through at once.
    settle_read()
    forget_hosts()
    return begun


def forget_hosts() -> int:
    """Remove what is known of web servers that nobody asked for long; how many there were."""
    return WebHost.objects.unused(FORGOTTEN_DAYS).due().delete()[0]


def wake_syncs() -> None:
    """Have a worker look at the sources; the schedule makes up for an absent broker."""
    queue_task("ingestion.tasks.sync_sources")


def visible_source(source_id: UUID, *, actor: User) -> Source:
    """A source of the actor's; raises `NotFound`."""
    rows = Source.objects.visible_to(actor).select_related("owner", "collection")
    found: Source | None = rows.filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source.")
    return found


def lock_source(source: Source) -> Source:
    """The row of a source, locked; raises `NotFound` when it went meanwhile."""
    rows = Source.objects.select_for_update(of=("self",)).select_related("owner")
    found: Source | None = rows.filter(pk=source.pk).first()
    if found is None:
        raise NotFound("There is no such source.")
    return found


def checked_target(kind: str, target: str, *, actor: User) -> str:
    """A place that may be read, in one form; raises `InvalidInput` and `Forbidden`."""
    if kind == SourceKind.WEBSITE:
        try:
            return page_url(target)
        except InvalidInput as error:
            raise InvalidInput(error.template, attr="target", **error.details) from error
    try:
        return str(checked_folder(target.strip(), allowed_roots(actor)))
    except SourceUnavailable as error:
        raise InvalidInput(error.template, attr="target") from error


def check_settings(source: Source) -> None:
    """Raise `InvalidInput` for bounds and schedules nobody may ask for."""
    if source.kind == SourceKind.WEBSITE:
        checked_bounds(Bounds(source.depth, source.max_pages))
    if source.every_hours and source.daily_at:
        raise InvalidInput("Choose hours or a time of the day, not both.", attr="daily_at")


def default_name(source: Source) -> str:
    """What a source is called that nobody named."""
    if source.kind == SourceKind.WEBSITE:
        return name_of(source.target)[:LONGEST_NAME]
    return source.target.rstrip("/").rpartition("/")[2][:LONGEST_NAME] or source.target
