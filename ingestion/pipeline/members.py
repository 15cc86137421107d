"""Files that came out of a file: stored, and queued as items of the same run."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Sum

from documents import services as documents
from documents.storage import ensure_incoming_folder
from ingestion.enums import Stage
from ingestion.events import wake_workers
from ingestion.models import IngestionItem
from ingestion.parsing.sentences import FILES_INSIDE, ONE_FILE_INSIDE, REFUSED_INSIDE
from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import TOO_MUCH, Limits
from ingestion.pipeline.outcomes import lock_positions
from ingestion.quotas import enforce_file_quota
from ingestion.store import hashed_file
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from documents.models import Collection
    from ingestion.parsing.types import Parsed
    from ingestion.parsing.unpacking import Member
    from ingestion.store import Incoming

ROWS_AT_ONCE = 1000
SEPARATOR = "!/"


@contextmanager
def make_scratch_folder() -> Iterator[Path]:
    """A place for what comes out of one file, which is removed with all that nobody stored."""
    # Where files wait that are received: what a killed worker left is removed with theirs.
    parent = Path(tempfile.mkdtemp(dir=ensure_incoming_folder()))
    try:
        yield parent
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def limits_of(item: IngestionItem) -> Limits:
    """What may still come out of an item: its limits hold for all that is in the outermost file."""
    limits = config.ingestion
    files, size = taken_of(item.root_id or item.pk) if item.level else (0, 0)
    return Limits(
        files=max(0, limits.max_members - files),
        file_bytes=limits.max_file_bytes,
        bytes=max(0, limits.max_unpacked_bytes - size),
        levels=limits.max_depth - item.level,
    )


def taken_of(root_id: UUID) -> tuple[int, int]:
    """How many files came out of a file so far, and how many bytes they have."""
    rows = IngestionItem.objects.filter(root=root_id)
    found = rows.aggregate(files=Count("pk"), size=Sum("size"))
    return found["files"], int(found["size"] or 0)


def received_files(parsed: Parsed, folder: Path) -> list[tuple[Member, Incoming | None]]:
    """What came out of a file, hashed here: the process that read it is not believed.

    Raises `ParseFailed` when it does not lie there.
    """
    found: list[tuple[Member, Incoming | None]] = []
    for number, member in enumerate(parsed.members):
        file = None if member.code else hashed_file(folder / str(number), name_of(member))
        if file is None and not member.code:
            raise ParseFailed("damaged_file", "The file could not be unpacked.")
        found.append((member, file))
    documents.prepare_files([file for _, file in found if file is not None])
    return found


def name_of(member: Member) -> str:
    """What a file is called, without the folders it was in."""
    return clean_name(member.path.rpartition("/")[2])[-255:] or "unnamed"


def record_members(
    item: IngestionItem,
    files: Sequence[tuple[Member, Incoming | None]],
    collection: Collection,
) -> None:
    """Store what came out of an item and queue it in the item's run.

    Runs in the transaction that ends the item. Raises `StorageQuotaExceeded`, and `ParseFailed`
    when together with others of the same outermost file it is too much.
    """
    if not files:
        return
    # One after the other, for the positions and for what may still come out.
    lock_positions(item.run_id)
    rows = [new_item(item, member, file) for member, file in files]
    root_id = item.root_id or item.pk
    count, size = taken_of(root_id)
    limits = config.ingestion
    too_many = count + len(rows) > limits.max_members
    if too_many or size + sum(row.size for row in rows) > limits.max_unpacked_bytes:
        raise TOO_MUCH.failure()
    waiting = [row for row in rows if row.stage == Stage.QUEUED]
    enforce_file_quota(waiting, collection=collection, actor=item.run.owner)
    documents.move_to_storage(file for _, file in files if file is not None)
    last = IngestionItem.objects.filter(run=item.run_id).aggregate(last=Max("position"))["last"]
    for position, row in enumerate(rows, start=last + 1):
        row.position = position
    IngestionItem.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    after_commit(wake_workers)


def new_item(parent: IngestionItem, member: Member, file: Incoming | None) -> IngestionItem:
    """An item for one file, not saved yet; what did not come out has ended already."""
    name = name_of(member)
    item = IngestionItem(
        run=parent.run,
        parent=parent,
        root_id=parent.root_id or parent.pk,
        level=parent.level + 1,
        # Deletions count against it as against the file it was in.
        accepted_at=parent.accepted_at,
        name=name,
        uri=f"{parent.uri}{SEPARATOR}{member.path}",
        mime=member.mime[:255],
    )
    if file is None:
        item.stage = Stage.SKIPPED if member.skipped else Stage.FAILED
        item.error_code, item.error_detail = member.code[:64], member.detail
        item.path_hash = documents.member_path_hash(place_of(parent), member.path)
        return item
    item.size, item.sha256, item.stored_file_id = file.size, file.sha256, file.sha256
    item.path_hash = (
        documents.content_path_hash(file.sha256)
        if member.attached
        else documents.member_path_hash(place_of(parent), member.path)
    )
    return item


def place_of(parent: IngestionItem) -> str:
    """What tells an archive from others of its name: its own place."""
    return parent.path_hash


def forget_archive(item: IngestionItem) -> None:
    """Remove the bytes of an archive that was unpacked, once nothing refers to them."""
    if item.sha256:
        after_commit(partial(documents.remove_unused_files, [item.sha256]))


def note_on_members(members: Sequence[Member]) -> str:
    """What the owner should know about how much came out of a file, if anything did."""
    if not members:
        return ""
    refused = sum(bool(one.code) and not one.skipped for one in members)
    count = len(members)
    said = ONE_FILE_INSIDE if count == 1 else FILES_INSIDE.format(count=count)
    return f"{said} {REFUSED_INSIDE.format(count=refused)}" if refused else said
