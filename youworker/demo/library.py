"""What the company wrote down, and how its files came in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import override

from documents.enums import DocumentStatus
from documents.models import Document
from documents.services.embedding_queue import queue_documents
from documents.services.passages import INDEX_VERSION, INSERT, execute_over_rows, rows_of
from documents.types import PassageDraft
from ingestion.enums import IngestionStatus, RunKind, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.reasons import REASONS, STORED_IN
from quotas.enums import UsageKind, UsageOutcome
from quotas.models import UsageEvent
from youworker.demo.tables import Table, write_all
from youworker.demo.words import DEPARTMENTS, FAULTS, MIMES, SENTENCES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from documents.models import Collection
    from youworker.demo.people import Company
    from youworker.demo.plan import Plan

FILES_OF_A_RUN = 50
# Of a hundred files.
FAILED = 4
# Enough for variety, and they are kept in memory.
MOST_QUOTABLE = 2_000
LONGEST = 5
TEXT_CONFIG = "english"


@dataclass(frozen=True, slots=True)
class Quotable:
    """A passage that answers may quote."""

    document: UUID
    passage: UUID
    title: str
    text: str


def write_library(plan: Plan, company: Company, tell: Callable[[int], object]) -> list[Quotable]:
    """Write documents with their passages, and the runs that read them; some that can be quoted."""
    quotable: list[Quotable] = []
    for first in range(1, plan.documents + 1, FILES_OF_A_RUN):
        batch = range(first, min(first + FILES_OF_A_RUN, plan.documents + 1))
        found = write_run(plan, company, batch)
        if len(quotable) < MOST_QUOTABLE:
            quotable += found
        tell(len(batch))
    return quotable


@transaction.atomic
def write_run(plan: Plan, company: Company, numbers: range) -> list[Quotable]:
    """Write some files that somebody handed in together."""
    at = plan.moment()
    department = plan.random.choice(list(DEPARTMENTS))
    collection = company.collections[department]
    owner = collection.owner
    runs, items, events = Table(IngestionRun), Table(IngestionItem), Table(UsageEvent)
    documents: list[Document] = []
    passages: list[tuple[Document, list[tuple[UUID, PassageDraft]]]] = []
    run = plan.ids.at(at)
    failed = 0
    for position, number in enumerate(numbers):
        title = f"{plan.random.choice(DEPARTMENTS[department])} {number}"
        moment = at + timedelta(seconds=4 * position)
        size, mime = plan.random.randint(8_000, 4_000_000), plan.random.choice(MIMES)
        fault = plan.random.choice(FAULTS) if plan.random.randrange(100) < FAILED else ""
        document = None
        if not fault:
            document = document_of(plan, collection, title, moment, size=size, mime=mime)
            documents.append(document)
            passages.append((document, drafts(plan, document, moment)))
        failed += bool(fault)
        items.add(
            **item_of(plan, run, position, title, moment),
            size=size,
            mime=mime,
            attempts=3 if fault else 1,
            error_code=fault,
            error_detail=stored_reason(fault),
            stage=Stage.FAILED if fault else Stage.READY,
            document_id=document.pk if document else None,
            passages=document.passage_count if document else 0,
        )
        events.add(
            created_at=moment,
            user_id=owner.pk,
            group_ids=company.groups_of[owner.pk],
            kind=UsageKind.INGESTION,
            name=mime,
            outcome=UsageOutcome.FAILED if fault else UsageOutcome.SUCCEEDED,
            bytes=size,
            duration_ms=plan.random.randint(80, 9_000),
        )
    runs.add(
        id=run,
        created_at=at,
        updated_at=at,
        owner_id=owner.pk,
        kind=RunKind.UPLOAD,
        target=f"{len(numbers)} files",
        status=ended(failed, len(numbers)),
        collection_id=collection.pk,
        started_at=at,
        finished_at=at + timedelta(seconds=4 * len(numbers)),
    )
    Document.all_objects.bulk_create(documents)
    rows = (row for document, own in passages for row in rows_of(document, own))
    if documents:
        execute_over_rows(INSERT, rows, documents[0])
    write_all([runs, items, events])
    if plan.with_vectors:
        queue_documents([document.pk for document in documents])
    return [
        Quotable(document.pk, pk, document.title, draft.text)
        for document, own in passages
        for pk, draft in own[:1]
    ]


def stored_reason(fault: str) -> str:
    """The sentence that is stored with a fault; pages show it in other languages."""
    with override(STORED_IN):
        return str(REASONS[fault]) if fault else ""


def ended(failed: int, total: int) -> IngestionStatus:
    """How a run ended."""
    if not failed:
        return IngestionStatus.SUCCEEDED
    return IngestionStatus.FAILED if failed == total else IngestionStatus.PARTIAL


def document_of(
    plan: Plan, collection: Collection, title: str, at: datetime, *, size: int, mime: str
) -> Document:
    """A document that is found by its words."""
    digest = hashlib.sha256(f"{title} {at}".encode()).hexdigest()
    return Document(
        id=plan.ids.at(at),
        created_at=at,
        owner=collection.owner,
        collection=collection,
        title=title,
        uri=f"demo:{digest}",
        mime=mime,
        size=size,
        sha256=digest,
        path_hash=digest,
        status=DocumentStatus.SEARCHABLE,
        language="en",
        text_config=TEXT_CONFIG,
        index_version=INDEX_VERSION,
        passage_count=plan.random.randint(1, LONGEST),
    )


def drafts(plan: Plan, document: Document, at: datetime) -> list[tuple[UUID, PassageDraft]]:
    """The passages of a document, one behind the other."""
    found, start = [], 0
    for ordinal in range(document.passage_count):
        chosen = plan.random.sample(SENTENCES, 4)
        text = " ".join(chosen).format(topic=document.title)
        draft = PassageDraft(ordinal, text, f"Part {ordinal + 1}", None, start, start + len(text))
        found.append((plan.ids.at(at), draft))
        start += len(text) + 1
    return found


def item_of(plan: Plan, run: UUID, position: int, title: str, at: datetime) -> dict[str, object]:
    """What every file of a run has."""
    name = f"{title}.pdf"
    return {
        "id": plan.ids.at(at),
        "created_at": at,
        "updated_at": at,
        "run_id": run,
        "position": position,
        "name": name,
        "uri": f"demo:{run}/{name}",
        "path_hash": hashlib.sha256(name.encode()).hexdigest(),
    }
