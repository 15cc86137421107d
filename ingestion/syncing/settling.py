"""The end of a sync: what became of the files is written down for the next one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ingestion.enums import SourceKind, SourceState, Stage
from ingestion.exceptions import SourceShrunk
from ingestion.models import IngestionItem, IngestionRun, Source, SourceEntry
from ingestion.syncing.beginning import let_go, next_time, require_confirmed

if TYPE_CHECKING:
    from uuid import UUID

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 500
GONE = "page_gone"


def settle_read() -> int:
    """End the syncs whose files were all read; how many there were."""
    unread = IngestionItem.objects.unread().filter(run__source=OuterRef("pk"))
    rows = Source.objects.syncing().filter(lease_token__isnull=True)
    return sum(
        try_to_settle(pk) for pk in rows.exclude(Exists(unread)).values_list("pk", flat=True)
    )


def try_to_settle(pk: UUID) -> bool:
    """End one sync; one that cannot be ended keeps no other from it."""
    try:
        return settle_source(pk)
    except Exception:
        logger.exception("The sync of source %s cannot be ended", pk)
        return False


@transaction.atomic
def settle_source(pk: UUID) -> bool:
    """End one sync; false when somebody else does, or it was paused or deleted meanwhile."""
    rows = Source.objects.syncing().filter(pk=pk, lease_token__isnull=True)
    source: Source | None = (
        rows.select_related("owner").select_for_update(skip_locked=True, of=("self",)).first()
    )
    if source is None:
        return False
    run = IngestionRun.all_objects.filter(source=source).newest_first().first()
    # A folder of which nothing had changed has no run of this sync: that is an old one.
    items = list(run.items.outermost().order_by("position")) if run is not None else []
    end: dict[str, Any] = {"state": SourceState.IDLE, "error_code": "", "error_detail": ""}
    end |= {"accepts_deletions": False}
    if source.kind == SourceKind.FOLDER:
        counts = source.counts | {"failed": settle_folder(source, items)}
    else:
        counts, trouble = settle_website(source, items)
        if trouble:
            end |= {"state": SourceState.FAILED} | trouble
    now = timezone.now()
    later = next_time(source, now)
    rows.update(counts=counts, last_sync_at=now, next_sync_at=later, updated_at=now, **end)
    return True


def settle_folder(source: Source, items: list[IngestionItem]) -> int:
    """Note the content and the document of each file that was read; how many failed."""
    by_place = {item.path_hash: item for item in items}
    waiting = source.entries.filter(sha256="", path_hash__in=by_place)
    changed = []
    for entry in waiting:
        item = by_place[entry.path_hash]
        # A file that cannot be read is not tried again until it changes; one that could not
        # be fetched is.
        entry.sha256 = item.sha256 or item.stored_file_id or ""
        entry.document_id = item.document_id or entry.document_id
        changed.append(entry)
    SourceEntry.objects.bulk_update(changed, ["sha256", "document"], batch_size=ROWS_AT_ONCE)
    return sum(by_place[entry.path_hash].stage == Stage.FAILED for entry in changed)


def settle_website(
    source: Source, items: list[IngestionItem]
) -> tuple[dict[str, int], dict[str, str]]:
    """Note the pages that are there; the counts, and the code and reason of a failure, if any.

    Pages that their server says are gone go, unless the first page does not answer either.
    """
    known = {entry.path_hash: entry for entry in source.entries.all()}
    counts = dict.fromkeys(("new", "changed", "unchanged", "failed", "deleted"), 0)
    gone, noted = [], {}
    for item in items:
        entry = known.get(item.path_hash) or known.get(item.asked_hash)
        if item.document_id is not None:
            counts[kind_of_page(item, entry)] += 1
            noted[item.path_hash] = SourceEntry(
                source=source,
                path_hash=item.path_hash,
                uri=item.uri,
                depth=item.depth,
                document_id=item.document_id,
                sha256=item.sha256 or (entry.sha256 if entry is not None else ""),
            )
        elif item.error_code == GONE and entry is not None:
            gone.append(entry)
        else:
            counts["failed"] += item.stage == Stage.FAILED
    SourceEntry.objects.bulk_create(
        noted.values(),
        update_conflicts=True,
        unique_fields=["source", "path_hash"],
        update_fields=["uri", "depth", "document", "sha256"],
        batch_size=ROWS_AT_ONCE,
    )
    trouble = trouble_of(source, items, gone=len(gone), known=len(known))
    if not trouble:
        counts["deleted"] = len(gone)
        let_go(source, gone)
    return counts, trouble


def kind_of_page(item: IngestionItem, entry: SourceEntry | None) -> str:
    """Whether a page that is there is new, changed or unchanged."""
    if entry is None:
        return "new"
    is_same = item.stage == Stage.SKIPPED or item.sha256 == entry.sha256
    return "unchanged" if is_same else "changed"


def trouble_of(
    source: Source, items: list[IngestionItem], *, gone: int, known: int
) -> dict[str, str]:
    """Why the crawl of a website does not count; empty when it does."""
    start = next((item for item in items if not item.depth), None)
    if start is not None and start.stage == Stage.FAILED and start.document_id is None:
        return {"error_code": start.error_code, "error_detail": start.error_detail}
    try:
        require_confirmed(source, gone=gone, known=known)
    except SourceShrunk as error:
        return {"error_code": error.code, "error_detail": error.message}
    return {}
