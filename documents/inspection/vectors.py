"""Passages and their vectors, and the tasks that wait for these."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from documents.enums import DocumentStatus, ModelState
from documents.inspection.passages import read_rows
from documents.models import Document, EmbeddingModel, EmbeddingTask, Passage, PassageEmbedding
from documents.services import reclaim_expired_tasks
from documents.services.embedding_queue import add_backfill, refresh_statuses
from documents.services.embeddings import build_index
from youworker.core.inspection import Check, Finding
from youworker.core.leases import RELEASED, reclaim_twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_AT_ONCE = 2000
# Holders renew their lease several times before it ends; who is late by this is gone.

WRONG_LENGTH = """
    SELECT e.id, vector_dims(e.vector), m.dimensions
    FROM documents_passageembedding e JOIN documents_embeddingmodel m ON m.id = e.model_id
    WHERE vector_dims(e.vector) <> m.dimensions ORDER BY e.id
"""
ASTRAY = """
    SELECT e.id, p.id IS NULL FROM documents_passageembedding e
    LEFT JOIN documents_passage p ON p.id = e.passage_id
    WHERE p.id IS NULL OR p.document_id <> e.document_id ORDER BY e.id
"""
INDEX = "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid"


def settled_models() -> Any:
    """The models of which every passage has a vector, or is waited for."""
    return EmbeddingModel.objects.filter(state=ModelState.ENABLED).order_by("pk")


def find_forgotten_documents(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Documents that lack vectors of a model, and wait for none."""
    for model in settled_models():
        tasks = EmbeddingTask.objects.filter(model=model, document=OuterRef("pk"))
        rows = Document.all_objects.lacking_vectors(model).exclude(Exists(tasks))
        for pk in rows.order_by("pk").values_list("pk", flat=True).iterator(ROWS_AT_ONCE):
            yield Finding(f"{model.pk}:{pk}", str(model))


def queue_forgotten(subjects: Sequence[str]) -> int:
    """Let documents wait for the vectors they lack; how many."""
    wanted: defaultdict[str, list[UUID]] = defaultdict(list)
    for subject in subjects:
        model, _, document = subject.partition(":")
        wanted[model].append(UUID(document))
    for model in settled_models().filter(pk__in=wanted):
        for some in in_parts(wanted[str(model.pk)]):
            add_backfill(model, some)
            refresh_statuses(some)
    return len(subjects)


def find_wrong_vectors(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Vectors that are longer or shorter than their model's."""
    for pk, found, wanted in read_rows(WRONG_LENGTH):
        yield Finding(str(pk), f"{found} numbers instead of {wanted}")


def find_stray_vectors(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Vectors of passages that are gone, or that belong to another document."""
    for pk, is_gone in read_rows(ASTRAY):
        yield Finding(str(pk), "" if is_gone else "of another document")


def remove_vectors(ids: Sequence[str]) -> int:
    """Remove vectors, and have them made anew where there is a passage; how many."""
    removed = 0
    for some in in_parts(ids):
        rows = PassageEmbedding.objects.filter(pk__in=some)
        passages = Passage.objects.filter(pk__in=rows.values("passage_id"))
        documents = list(passages.order_by().values_list("document_id", flat=True).distinct())
        removed += rows.delete()[0]
        for model in settled_models():
            add_backfill(model, documents)
        refresh_statuses(documents)
    return removed


def find_stray_tasks(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Tasks of documents or models that are gone."""
    documents = Document.all_objects.filter(pk=OuterRef("document_id"))
    models = EmbeddingModel.objects.filter(pk=OuterRef("model_id"))
    rows = EmbeddingTask.objects.filter(~Exists(documents) | ~Exists(models))
    for pk in rows.order_by("pk").values_list("pk", flat=True).iterator(ROWS_AT_ONCE):
        yield Finding(str(pk))


def remove_tasks(ids: Sequence[str]) -> int:
    """Remove tasks; how many."""
    return EmbeddingTask.objects.filter(pk__in=ids).delete()[0]


def find_missing_indexes(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Models whose vectors have no usable index."""
    for model in settled_models():
        with connection.cursor() as cursor:
            cursor.execute(INDEX, [model.index_name])
            if cursor.fetchone() is None:
                yield Finding(str(model.pk), str(model))


def build_indexes(ids: Sequence[str]) -> int:
    """Make the indexes of models; not in a transaction."""
    models = list(settled_models().filter(pk__in=ids))
    for model in models:
        build_index(model)
    return len(models)


def find_wrong_statuses(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Documents that wait for vectors they have, or are called ready without them."""
    if not EmbeddingModel.objects.active().filter(state=ModelState.ENABLED).exists():
        return
    everything = Document.all_objects.all()
    early = Q(Exists(everything.waiting_tasks()), status=DocumentStatus.READY)
    found = everything.outdated_status() | everything.filter(early)
    for pk, status in found.order_by("pk").values_list("pk", "status").iterator(ROWS_AT_ONCE):
        yield Finding(str(pk), status)


def refresh_wrong_statuses(ids: Sequence[str]) -> int:
    """Let the statuses of documents say what there is; how many."""
    refresh_statuses([UUID(pk) for pk in ids])
    return len(ids)


def find_expired_tasks(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Tasks held by workers that are gone."""
    late = EmbeddingTask.objects.long_expired()
    for pk, document in late.order_by("pk").values_list("pk", "document_id"):
        yield Finding(str(pk), f"document {document}")


def find_expired_models(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Models that a process prepared or dropped which is gone."""
    late = EmbeddingModel.objects.long_expired()
    for model in late.order_by("pk"):
        yield Finding(str(model.pk), f"{model}, {model.state}")


def take_back_tasks(ids: Sequence[str]) -> int:
    """Return what was held to the queue; how many tasks."""
    return reclaim_twice(reclaim_expired_tasks)


def take_back_models(ids: Sequence[str]) -> int:
    """Let the next process that settles models take over those nobody settles; how many."""
    late = EmbeddingModel.objects.long_expired().filter(pk__in=ids)
    return late.update(**RELEASED)


def find_failed_tasks(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Documents that get no vectors, with the reason; they are tried again now and then."""
    rows = EmbeddingTask.objects.failed().of_living_documents().order_by("document_id", "pk")
    for document, code in rows.values_list("document_id", "error_code").iterator(ROWS_AT_ONCE):
        yield Finding(str(document), code)


def in_parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The ids, some at a time."""
    for first in range(0, len(ids), ROWS_AT_ONCE):
        yield ids[first : first + ROWS_AT_ONCE]


VECTOR_CHECKS = (
    Check("stray-vectors", _("Vectors without a passage"), find_stray_vectors, remove_vectors),
    Check("wrong-vectors", _("Vectors of a wrong length"), find_wrong_vectors, remove_vectors),
    Check(
        "stray-embedding-tasks",
        _("Tasks of documents that are gone"),
        find_stray_tasks,
        remove_tasks,
    ),
    Check(
        "forgotten-documents",
        _("Documents that lack vectors and wait for none"),
        find_forgotten_documents,
        queue_forgotten,
    ),
    Check(
        "missing-indexes",
        _("Embedding models without an index"),
        find_missing_indexes,
        build_indexes,
    ),
    Check(
        "wrong-statuses",
        _("Documents whose status is wrong"),
        find_wrong_statuses,
        refresh_wrong_statuses,
    ),
    Check(
        "expired-embedding-leases",
        _("Embedding tasks of workers that are gone"),
        find_expired_tasks,
        take_back_tasks,
    ),
    Check(
        "expired-model-leases",
        _("Embedding models in the hands of processes that are gone"),
        find_expired_models,
        take_back_models,
    ),
    Check(
        "failed-embedding-tasks",
        _("Documents that cannot be embedded"),
        find_failed_tasks,
        is_notice=True,
    ),
)
