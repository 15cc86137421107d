"""The queue of documents that have to get vectors: a task for each document and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from documents.enums import ModelState
from documents.models import Document, EmbeddingModel, EmbeddingTask
from documents.services.embeddings import ensure_active_model
from youworker.core.sql import lock_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

# Documents whose status is looked at in one transaction.
STATUSES_AT_ONCE = 500

# Who stores passages holds it shared, so that whoever has it alone knows: every transaction that
# did not see a new model, or still saw one that is dropped, is over.
MODELS_LOCK = "documents.embedding.models"

# A task that is there already is renewed, which takes it away from whoever works on it: they do
# not know the new passages. Newer documents come first. Whoever has nothing waiting stands as if
# theirs had come with what is next, and (hence the 1) before the second of somebody like them.
INSERT = """
    INSERT INTO documents_embeddingtask
        (id, created_at, updated_at, document_id, model_id, lane, priority, turn,
         state, failures, losses, error_code, error_detail)
    SELECT gen_random_uuid(), now(), now(), document_id, model_id, lane, priority,
           passages + greatest(
               (SELECT min(t.turn) - 1 FROM documents_embeddingtask t
                WHERE t.model_id = wanted.model_id AND t.priority = wanted.priority
                  AND t.lease_token IS NULL),
               (SELECT max(t.turn) FROM documents_embeddingtask t
                WHERE t.model_id = wanted.model_id AND t.priority = wanted.priority
                  AND t.lane = wanted.lane),
               0),
           'queued', 0, 0, '', ''
    FROM (
        SELECT d.id AS document_id, m.id AS model_id, hashtext(d.owner_id::text) AS lane,
               CASE WHEN m.active THEN 0 ELSE 1 END AS priority,
               sum(d.passage_count) OVER (PARTITION BY m.id, d.owner_id ORDER BY d.id DESC)
                   AS passages
        FROM documents_document d
        JOIN documents_embeddingmodel m ON m.id = ANY(%(models)s)
        WHERE d.id = ANY(%(documents)s)
    ) AS wanted
    ORDER BY document_id
    ON CONFLICT (document_id, model_id) DO {action}
"""
RENEW = INSERT.format(
    action="""UPDATE SET
        state = 'queued', failures = 0, losses = 0, error_code = '', error_detail = '',
        lease_token = NULL, lease_until = NULL, lease_suspected_at = NULL,
        priority = EXCLUDED.priority, turn = EXCLUDED.turn, updated_at = now()"""
)
ADD = INSERT.format(action="NOTHING")


def queue_documents(document_ids: Collection[UUID]) -> None:
    """Let every model embed what these documents have now; in the caller's transaction.

    Whoever works on one of them at this moment does not end its task any more.
    """
    models = lock_models()
    if not models:
        ensure_active_model()
        models = lock_models()
    insert_tasks(RENEW, models, document_ids)


def lock_models() -> list[UUID]:
    """The models that embed documents; no other comes or goes unseen until the commit."""
    lock_names(MODELS_LOCK, shared=True)
    rows = EmbeddingModel.objects.exclude(state=ModelState.DROPPING)
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def wait_for_storing() -> None:
    """Wait for every transaction that may not know the present models."""
    lock_names(MODELS_LOCK)


@transaction.atomic
def add_backfill(model: EmbeddingModel, document_ids: Collection[UUID]) -> None:
    """Let one model embed older documents, unless they wait for it already."""
    # Or one that is purged meanwhile would refuse its neighbours at the commit.
    lock_documents(document_ids)
    insert_tasks(ADD, [model.pk], document_ids)


def insert_tasks(statement: str, models: Collection[UUID], document_ids: Collection[UUID]) -> None:
    """Write the tasks of some documents for some models."""
    given = {"models": list(models), "documents": list(document_ids)}
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


def lock_documents(document_ids: Iterable[UUID]) -> Any:
    """Documents, locked before their tasks: in this order passages are stored and purged, too."""
    rows = Document.all_objects.filter(pk__in=list(document_ids))
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return rows


def refresh_statuses(document_ids: Iterable[UUID]) -> None:
    """Let the statuses of documents say what there is of the active model's vectors."""
    ids = list(document_ids)
    for first in range(0, len(ids), STATUSES_AT_ONCE):
        with transaction.atomic():
            lock_documents(ids[first : first + STATUSES_AT_ONCE]).refresh_status()


def refresh_outdated_statuses() -> int:
    """Repair documents that wait for vectors they have; how many there were.

    A process may have died between the change of the active model and theirs.
    """
    # While a model is prepared, its tasks are not there yet.
    if not EmbeddingModel.objects.active().filter(state=ModelState.ENABLED).exists():
        return 0
    ids = list(Document.all_objects.outdated_status().values_list("pk", flat=True))
    refresh_statuses(ids)
    return len(ids)


@transaction.atomic
def retry_tasks(document_ids: Collection[UUID]) -> None:
    """Embed documents again whose vectors could not be computed before."""
    rows = lock_documents(document_ids)
    queue_documents(document_ids)
    rows.refresh_status()


def has_waiting_tasks() -> bool:
    """Whether a worker would find something to embed."""
    models = EmbeddingModel.objects.workable().order_by().values("pk")
    return bool(EmbeddingTask.objects.waiting().filter(model__in=models).exists())
