"""What a worker does with the documents whose turn it is to get vectors."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.db import DatabaseError
from django.db.models import F

from documents.exceptions import VectorsUnusable
from documents.models import EmbeddingModel, Passage
from documents.services.embedding_leases import (
    EmbeddingLease,
    claim_tasks,
    end_tasks,
    fail_tasks,
    note_error,
    release_tasks,
)
from documents.services.embeddings import embed_passages, embedded_text, store_vectors
from youworker.core import tracing
from youworker.core.db import is_refused_value
from youworker.core.exceptions import UpstreamUnavailable
from youworker.core.leases import RELEASED, lease_end
from youworker.core.metrics import families

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

logger = logging.getLogger(__name__)

# Passages embedded and stored together, the most that a killed worker loses: about half a second
# of a small model on one core.
BATCH = 32
# Passages read at once.
PAGE = 256
# Seconds before a model server that did not answer is asked again, doubled each time.
PAUSE = 15
LONGEST_PAUSE = 300


class Row(NamedTuple):
    """A passage without a vector."""

    document_id: UUID
    ordinal: int
    passage_id: UUID
    title: str
    heading: str
    text: str


def embed_next(*, until: float) -> list[UUID] | None:
    """Embed the documents whose turn it is, and give their ids; none when nothing waits.

    A long document is put down at `until` (monotonic) and goes on later. No transaction is open
    while the model computes, and what was computed stays.
    """
    lease = claim_tasks()
    if lease is None:
        return None
    embed_claimed(lease, until=until)
    return [task.document_id for task in lease.tasks]


def embed_claimed(lease: EmbeddingLease, *, until: float) -> None:
    """Embed leased documents, and let every one of them leave the lease."""
    work = EmbeddingWork(lease, until)
    try:
        with lease.keep_alive():
            work.run()
        # Afterwards, lest the rows are renewed by another connection at the same moment.
        work.leave()
    except BaseException:
        release_tasks(lease, {})
        raise


@dataclass(slots=True)
class EmbeddingWork:
    """One pass over the passages of leased documents that lack a vector.

    It ends at `until` (monotonic), but not before its first batch.
    """

    lease: EmbeddingLease
    until: float
    # Documents of whose passages none was left out, and those of the present batch.
    passed: set[UUID] = field(default_factory=set)
    present: set[UUID] = field(default_factory=set)
    stored: Counter[UUID] = field(default_factory=Counter)
    errors: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    outage: UpstreamUnavailable | None = None

    def run(self) -> None:
        """Embed what can be embedded, and remember what went wrong."""
        try:
            self.embed_all()
        except VectorsUnusable as error:
            logger.warning("%s refuses all it was asked: %s", self.lease.model, error.message)
        except UpstreamUnavailable as error:
            self.outage = error
        except Exception as error:  # noqa: BLE001 -- sorted there
            self.count_error(error)

    def embed_all(self) -> None:
        """Go through the passages of all documents; raises what ends that early."""
        ids = [task.document_id for task in self.lease.tasks]
        for number, rows in enumerate(batches_of(missing_rows(self.lease.model, ids))):
            self.passed = {pk for pk in ids if pk < rows[0].document_id}
            self.present = {row.document_id for row in rows}
            # One batch is done in any case, or a busy machine would get nowhere.
            if number and (time.monotonic() > self.until or not self.lease.held().exists()):
                return
            self.embed(rows)
        self.passed = set(ids)

    def embed(self, rows: Sequence[Row]) -> None:
        """Compute and store the vectors of some passages.

        When the model refuses them together, they are tried one by one: a single passage must
        not cost its neighbours theirs. Raises `VectorsUnusable` when it refuses all of them.
        """
        model, before = self.lease.model, self.stored.total()
        try:
            texts = [embedded_text(row.title, row.heading, row.text) for row in rows]
            began = time.monotonic()
            with tracing.span("ingestion stage", stage="embedding", passages=len(rows)):
                vectors = embed_passages(model, texts)
        except VectorsUnusable as error:
            if len(rows) == 1:
                self.errors[rows[0].document_id] = (error.code, error.message)
                return
            for row in rows:
                self.embed([row])
            if self.stored.total() == before:
                raise
        else:
            store_vectors(model, [row.passage_id for row in rows], vectors)
            self.stored.update(row.document_id for row in rows)
            families.EMBEDDED_PASSAGES.add(by=len(rows))
            families.STAGE_SECONDS.observe(time.monotonic() - began, "embedding")

    def count_error(self, error: Exception) -> None:
        """Count an error against the present documents; raise one of a database that is away."""
        code, detail = "embedding_failed", "The vectors cannot be computed."
        if isinstance(error, DatabaseError):
            if not is_refused_value(error):
                raise error
            code, detail = "not_storable", "The vectors of the file cannot be stored."
            logger.warning("Vectors cannot be stored: %s", type(error).__name__)
        else:
            logger.error("Documents could not be embedded", exc_info=error)
        self.errors.update(dict.fromkeys(self.present, (code, detail)))

    def leave(self) -> None:
        """End what is complete, count what failed, and give the rest back."""
        # A document that got on has not failed before all of it was tried.
        failed = {
            pk: error
            for pk, error in self.errors.items()
            if pk in self.passed or not self.stored[pk]
        }
        end_tasks(self.lease, self.passed - failed.keys())
        fail_tasks(self.lease, failed)
        if self.outage is not None:
            note_error(self.lease, self.outage.code, self.outage.message)
            pause_model(self.lease.model, self.outage)
        elif self.stored:
            note_success(self.lease.model)
        left = self.stored.keys() - self.passed
        release_tasks(self.lease, {pk: self.stored[pk] for pk in left})


def missing_rows(model: EmbeddingModel, document_ids: Sequence[UUID]) -> Iterator[Row]:
    """The passages of some documents, in the order of their ids, that lack a model's vector."""
    after: Row | None = None
    while True:
        rows = Passage.objects.filter(document__in=document_ids).without_vector(model)
        if after is not None:
            rows = rows.after(after.document_id, after.ordinal)
        fields = ("document_id", "ordinal", "pk", "document__title", "heading", "text")
        page = [Row(*values) for values in rows.in_order().values_list(*fields)[:PAGE]]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]


def batches_of(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """The rows, some at a time."""
    while batch := list(islice(rows, BATCH)):
        yield batch


def pause_model(model: EmbeddingModel, error: UpstreamUnavailable) -> None:
    """Leave a model alone whose server does not answer: that is no document's fault.

    One pause for all: else each waiting document would keep a worker until it gives up, too.
    """
    pause = min(PAUSE * 2 ** min(model.failures, 10), LONGEST_PAUSE)
    # Only the first of several workers that see the same outage doubles the pause.
    seen = EmbeddingModel.objects.filter(pk=model.pk, failures=model.failures)
    if seen.update(failures=F("failures") + 1, lease_until=lease_end(pause), error=error.message):
        logger.warning("%s is left alone for %s s: %s", model, pause, error.message)


def note_success(model: EmbeddingModel) -> None:
    """Forget the outages of a model's server."""
    if model.failures:
        rows = EmbeddingModel.objects.filter(pk=model.pk, lease_token__isnull=True)
        rows.update(failures=0, error="", **RELEASED)
