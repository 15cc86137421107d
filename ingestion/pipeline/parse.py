"""The first stage: a file becomes a document that is found by keyword."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from documents import services as documents
from documents.exceptions import DocumentDeleted
from documents.models import Document
from ingestion.enums import Stage
from ingestion.exceptions import NotNeeded, NotYet, SourceAway, SourceRefused
from ingestion.parsing.process import Parser, ParserLost
from ingestion.parsing.sentences import KNOWN, NEWER_VERSION, TOO_LONG
from ingestion.parsing.types import Parsed, ParseFailed
from ingestion.pipeline.members import (
    forget_archive,
    limits_of,
    make_scratch_folder,
    note_on_members,
    received_files,
    record_members,
)
from ingestion.pipeline.outcomes import (
    NOT_STORABLE,
    ItemTaken,
    delay_item,
    fail_item,
    leased_row,
    passing_reason,
    postpone_item,
    record_file,
    require_held,
    retry_item,
    skip_item,
)
from ingestion.pipeline.recordings import hear_item, is_recording
from ingestion.pipeline.scans import TurnOver, scans_of
from ingestion.quotas import enforce_byte_quota
from ingestion.sources import SOURCES, Uploads
from quotas.enums import UsageOutcome
from quotas.services import milliseconds_since
from youworker.core import tracing
from youworker.core.config import config
from youworker.core.db import is_refused_value, relax_durability
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from documents.models import Collection
    from ingestion.models import IngestionItem, IngestionRun
    from ingestion.parsing.unpacking import Member
    from ingestion.pipeline.leases import Lease
    from ingestion.sources import Source
    from ingestion.store import Incoming

logger = logging.getLogger(__name__)

# By process: a forked worker must not talk to its parent's parser.
parsers: dict[int, Parser] = {}
# Seconds between two looks at whether the file that is being read is still wanted.
WATCH_SECONDS = 1.0


def parser() -> Parser:
    """This process's parser."""
    mine = os.getpid()
    if mine not in parsers:
        parsers[mine] = Parser(
            timeout=config.ingestion.parse_timeout,
            memory_mb=config.ingestion.parse_memory_mb,
            beat=WATCH_SECONDS,
        )
    return parsers[mine]


def close_parser() -> None:
    """End this process's parser, when it has one."""
    mine = parsers.pop(os.getpid(), None)
    if mine is not None:
        mine.close()


def parse_items(lease: Lease, *, until: float) -> None:
    """Parse leased items, all of one run, one after the other.

    After `until` (monotonic) the rest goes back to the queue, where others may come first.
    """
    try:
        collection = target_collection(lease.items[0].run)
    except DomainError as error:
        for item in lease.items:
            fail_item(item, error.code, error.message)
        return
    for number, item in enumerate(lease.items):
        # One is read in any case, or a busy machine would get nowhere.
        if number and time.monotonic() > until:
            lease.release()
            return
        try:
            parse_item(item, collection)
        except TurnOver:
            lease.release()
            return


def parse_item(item: IngestionItem, collection: Collection) -> None:
    """Parse and store one item; whatever goes wrong is its own.

    Raises `TurnOver` when others have to come first; what was read of its scans is kept.
    """
    try:
        with tracing.span("ingestion stage", stage="parsing", item_id=item.pk):
            read_item(item, collection)
    except TurnOver:
        raise
    except ItemTaken:
        logger.info("Item %s was taken away meanwhile", item.pk)
    except (NotYet, SourceRefused) as error:
        end_unfetched(item, error)
    except (DocumentDeleted, ParseFailed, ParserLost, DomainError) as error:
        end_unreadable(item, error)
    except DatabaseError as error:
        if not is_refused_value(error):
            # Nothing can be noted now; the lease ends by itself.
            raise
        logger.warning("Item %s cannot be stored: %s", item.pk, type(error).__name__)
        retry_item(item, NOT_STORABLE, "What was read from the file cannot be stored.")
    except Exception as error:  # noqa: BLE001 -- sorted there
        wait_or_retry(item, error)


def wait_or_retry(item: IngestionItem, error: Exception) -> None:
    """Try an item again, which counts as an attempt unless the trouble is no fault of it."""
    if not wait_out(item, error):
        logger.error("Item %s could not be parsed", item.pk, exc_info=error)
        retry_item(item, "internal_error", "The file could not be processed.")


def read_item(item: IngestionItem, collection: Collection) -> None:
    """Parse and store one item."""
    look = partial(require_held, item)
    began = timezone.now()
    look()
    with original_of(item) as path, make_scratch_folder() as scratch:
        source_of(item).explore(item, path)
        if is_recording(path):
            parsed = hear_item(item, path, look=look)
        else:
            place, scans = (scratch, limits_of(item)), scans_of(item)
            parsed = parser().parse(
                path, item.mime, name=item.name, heartbeat=look, scratch=place, scans=scans
            )
        files = received_files(parsed, scratch)
        with tracing.span("ingestion stage", stage="storing", item_id=item.pk):
            store(item, under_parent(parsed, item), files, collection, began=began)


def end_unreadable(item: IngestionItem, error: DomainError | ParseFailed | ParserLost) -> None:
    """Let an item end, or be tried again, for a reason its owner is told."""
    if isinstance(error, DocumentDeleted):
        skip_item(item, error.code, error.message)
    elif isinstance(error, ParserLost):
        logger.warning("Item %s cost a parser: %s", item.pk, error)
        retry_item(item, error.code, error.detail)
    elif not wait_out(item, error):
        detail = error.detail if isinstance(error, ParseFailed) else error.message
        fail_item(item, error.code, detail)


def wait_out(item: IngestionItem, error: BaseException) -> bool:
    """Let an item wait for the end of trouble that is no fault of it; false for any other."""
    reason = passing_reason(error)
    if reason is not None:
        delay_item(item, *reason)
    return reason is not None


def end_unfetched(item: IngestionItem, error: NotYet | SourceRefused) -> None:
    """Do with an item what follows from why its file was not fetched."""
    if isinstance(error, NotYet):
        postpone_item(item, error.seconds)
    elif isinstance(error, NotNeeded):
        skip_item(item, error.code, error.detail, document=error.document)
    elif isinstance(error, SourceAway):
        retry_item(item, error.code, error.detail, pause=error.pause)
    else:
        fail_item(item, error.code, error.detail)


def source_of(item: IngestionItem) -> type[Source]:
    """Where the bytes of an item come from; those that came out of another file are there."""
    return SOURCES[item.run.kind] if item.parent_id is None else Uploads


@contextmanager
def original_of(item: IngestionItem) -> Iterator[Path]:
    """The original as a file; what is not stored yet is fetched from its source first."""
    fetched = source_of(item).fetch(item)
    if fetched is not None:
        try:
            documents.prepare_files([fetched])
            store_copy(item, fetched)
        finally:
            fetched.discard()
    with documents.local_original(item.stored_file) as path:
        if path is None:
            raise ParseFailed("file_missing", "The file is no longer there.")
        yield path


@transaction.atomic
def store_copy(item: IngestionItem, copied: Incoming) -> None:
    """Store what was fetched for an item, which keeps it while it is read.

    Raises `ItemTaken` and `StorageQuotaExceeded`.
    """
    if not item.size:
        enforce_byte_quota(copied.size, actor=item.run.owner)
    learned = {name: getattr(item, name) for name in source_of(item).learned}
    # Before anything is stored; the reference is checked at the commit.
    if not leased_row(item).update(stored_file=copied.sha256, size=copied.size, **learned):
        raise ItemTaken
    documents.move_to_storage([copied])
    item.sha256, item.size, item.stored_file_id = copied.sha256, copied.size, copied.sha256


def under_parent(parsed: Parsed, item: IngestionItem) -> Parsed:
    """What was read from an attachment, under the title of the message it came with."""
    message = None
    if item.parent_id:
        message = Document.objects.filter(ingestion_items=item.parent_id).first()
    if message is None:
        return parsed
    passages = [
        replace(draft, heading=" > ".join(filter(None, (message.title, draft.heading))))
        for draft in parsed.passages
    ]
    return replace(parsed, passages=passages)


@transaction.atomic
def store(
    item: IngestionItem,
    parsed: Parsed,
    files: Sequence[tuple[Member, Incoming | None]],
    collection: Collection,
    *,
    began: datetime,
) -> None:
    """Make the parsed file a searchable document, and queue what came out of it.

    Raises `ItemTaken` and leaves no trace then.
    """
    relax_durability()
    if parsed.passages:
        store_document(item, parsed, collection)
    else:
        end_archive(item, parsed)
    record_members(item, files, collection)
    duration_ms = milliseconds_since(began)
    record_file(item, UsageOutcome.SUCCEEDED, name=parsed.mime, duration_ms=duration_ms)


def end_archive(item: IngestionItem, parsed: Parsed) -> None:
    """End a file that has no text of its own: what came out of it goes on."""
    note = " ".join([note_on_members(parsed.members), *parsed.notes])
    end_reading(item, Stage.READY, mime=parsed.mime, note=note)
    forget_archive(item)


def store_document(item: IngestionItem, parsed: Parsed, collection: Collection) -> None:
    """Make what was read a document that is found by keyword; raises `ItemTaken`."""
    stored = documents.store_parsed(
        parsed_file(item, parsed),
        collection=collection,
        tags=item.run.tags,
        run_id=item.run_id,
        accepted_at=item.accepted_at,
        actor=item.run.owner,
    )
    end_reading(
        item,
        Stage.EMBEDDING,
        mime=parsed.mime,
        note=note_on(parsed, stored),
        duplicate=stored.duplicate,
        passages=stored.document.passage_count,
        document=stored.document,
    )
    source_of(item).remember(item, stored.document)


def end_reading(item: IngestionItem, stage: Stage, **changes: Any) -> None:
    """Note that an item was read, and let go of it and its file; raises `ItemTaken`."""
    if not leased_row(item).change(
        stage=stage,
        attempts=item.attempts + 1,
        failures=0,
        losses=0,
        lease_token=None,
        lease_until=None,
        error_code="",
        error_detail="",
        size=item.size,
        sha256=item.sha256,
        stored_file=None,
        source="",
        **changes,
    ):
        raise ItemTaken


def parsed_file(item: IngestionItem, parsed: Parsed) -> documents.ParsedFile:
    """What documents are told about an item that was read."""
    return documents.ParsedFile(
        name=item.name,
        uri=item.uri,
        path_hash=item.path_hash,
        sha256=item.sha256,
        size=item.size,
        mime=parsed.mime,
        passages=parsed.passages,
        language=parsed.language,
        pages=parsed.pages,
        title=parsed.title,
        stored_file=item.stored_file,
    )


def note_on(parsed: Parsed, stored: documents.StoredDocument) -> str:
    """What the owner should know about a file that was stored, if anything."""
    if stored.duplicate:
        return KNOWN
    newer = NEWER_VERSION.format(number=stored.document.version) if stored.replaced else ""
    cut = TOO_LONG if parsed.truncated else ""
    return " ".join(filter(None, [newer, note_on_members(parsed.members), cut, *parsed.notes]))


def target_collection(run: IngestionRun) -> Collection:
    """Where documents go; raises when their owner may not write there any more."""
    if run.collection_id is None:
        return documents.ensure_default_collection(run.owner)
    return documents.writable_collection(run.collection_id, actor=run.owner)
