"""A second embedding model: prepared, filled beside the active one, activated, and dropped."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from documents.embedding import Prompts, prompts_for, require_usable
from documents.enums import ModelState
from documents.exceptions import ModelIncomplete, ModelInUse
from documents.models import Document, EmbeddingModel, EmbeddingTask, Passage, PassageEmbedding
from documents.services.embedding_queue import (
    add_backfill,
    refresh_outdated_statuses,
    refresh_statuses,
    wait_for_storing,
)
from documents.services.embeddings import (
    build_index,
    drop_index,
    embed_query,
    ensure_active_model,
)
from youworker import audit
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import DomainError, NotFound
from youworker.core.leases import RELEASED, keep_lease_alive, lease_end, new_lease
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from documents.managers import EmbeddingModelQuerySet

logger = logging.getLogger(__name__)

# Silence after which another worker takes the preparation of a model over.
LEASE_SECONDS = 60
# Seconds before a preparation that failed is tried again, doubled each time.
PAUSE = 15
LONGEST_PAUSE = 3600
# Documents queued, and vectors removed, in one statement.
DOCUMENTS_AT_ONCE = 2000
VECTORS_AT_ONCE = 10_000
# The task that settles models; the schedule makes up for a broker that is away.
SETTLE = "documents.tasks.settle_models"
PROBE = "What is this text about?"


@transaction.atomic
def prepare_model(
    provider: str,
    name: str,
    dimensions: int,
    *,
    prompts: Prompts | None = None,
    actor: User | None = None,
) -> EmbeddingModel:
    """A model to be filled beside the active one, by the workers, from now on.

    Without `prompts` it gets those it is known to want. Of one that is there already, what is
    missing is queued again, and only its prompt for questions changes. Raises `InvalidInput` for
    one that cannot be used here, and `ModelInUse` for one that is being dropped.
    """
    require_usable(provider, name, dimensions)
    ensure_active_model()
    query_prompt, passage_prompt = prompts_for(name) if prompts is None else prompts
    model, is_new = EmbeddingModel.objects.get_or_create(
        provider=provider,
        name=name,
        dimensions=dimensions,
        passage_prompt=passage_prompt,
        defaults={"query_prompt": query_prompt, "state": ModelState.PREPARING},
    )
    if not is_new:
        change_state(model, ModelState.PREPARING)
        model.query_prompt = query_prompt
        model.save_fields("query_prompt")
    record(model, "prepare", actor)
    after_commit(partial(queue_task, SETTLE))
    return model


def complete_model(model: EmbeddingModel, *, actor: User | None = None) -> EmbeddingModel:
    """Queue what a model lacks, if anything; raises `ModelInUse` for one being dropped."""
    prompts = Prompts(model.query_prompt, model.passage_prompt)
    return prepare_model(model.provider, model.name, model.dimensions, prompts=prompts, actor=actor)


def settle_models() -> int:
    """Prepare and drop the models that wait for it; how many were worked on."""
    worked = 0
    while (model := claim_model()) is not None:
        settle_model(model)
        worked += 1
    return worked


@transaction.atomic
def claim_model() -> EmbeddingModel | None:
    """Lease a model that is to be prepared or dropped; none when there is none."""
    unsettled = EmbeddingModel.objects.unsettled()
    unsettled.leased().suspect_expired()
    rows = unsettled.due() | unsettled.leased().lost()
    found = rows.order_by("created_at", "pk").lock_free(1)
    for model in found:
        model.lease_token = new_token()
        lease = new_lease(model.lease_token, LEASE_SECONDS)
        EmbeddingModel.objects.filter(pk=model.pk).update(**lease)
    return found[0] if found else None


def settle_model(model: EmbeddingModel) -> None:
    """Prepare or drop a leased model; each step does what is left, so it can be repeated."""
    held = EmbeddingModel.objects.held(model.lease_token)
    act = fill_model if model.state == ModelState.PREPARING else remove_model
    try:
        with keep_lease_alive(held, seconds=LEASE_SECONDS):
            act(model)
    except DomainError as error:  # such as a server that is away: where it was noticed says nothing
        logger.warning("%s could not be settled: %s", model, error.message)
        put_off(model, held, error.message)
    except Exception:
        logger.exception("%s could not be settled", model)
        put_off(model, held, "This failed for a reason that the log has.")


def put_off(model: EmbeddingModel, held: EmbeddingModelQuerySet, reason: str) -> None:
    """Give a leased model back: the reason is told there, and it is tried again later."""
    pause = min(PAUSE * 2 ** min(model.failures, 10), LONGEST_PAUSE)
    held.update(
        failures=F("failures") + 1, error=reason, lease_token=None, lease_until=lease_end(pause)
    )


def fill_model(model: EmbeddingModel) -> None:
    """Make the index of a model, and queue every document that lacks its vectors."""
    # Before anything is made: who misspelt a name or counted wrongly hears of it now.
    embed_query(model, PROBE)
    build_index(model)
    wait_for_storing()
    last: UUID | None = None
    while ids := documents_to_fill(model, before=last):
        add_backfill(model, ids)
        last = ids[-1]
    held = EmbeddingModel.objects.held(model.lease_token)
    held.update(state=ModelState.ENABLED, failures=0, error="", **RELEASED)


def documents_to_fill(model: EmbeddingModel, *, before: UUID | None) -> list[UUID]:
    """The next documents, newest first, that lack vectors of a model; deleted ones included."""
    rows = Document.all_objects.lacking_vectors(model)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:DOCUMENTS_AT_ONCE])


def missing_vectors(model: EmbeddingModel) -> int:
    """How many passages of living documents the model has not embedded."""
    alive = Passage.objects.filter(document__deleted_at__isnull=True)
    return alive.without_vector(model).count()


def activate_model(
    model: EmbeddingModel, *, allow_missing: bool = False, actor: User | None = None
) -> None:
    """Let a complete model answer searches from now on; also the way back to an earlier one.

    Raises `ModelIncomplete` while passages lack its vectors, unless `allow_missing`: then they
    are found by keyword only until they have them.
    """
    set_active_model(model, allow_missing=allow_missing, actor=actor)
    waiting = EmbeddingTask.objects.filter(model=model).values_list("document_id", flat=True)
    refresh_statuses(waiting)
    refresh_outdated_statuses()


@transaction.atomic
def set_active_model(model: EmbeddingModel, *, allow_missing: bool, actor: User | None) -> None:
    """Make a model the active one, in the place of another."""
    # All rows, in one order: two people may switch at once.
    list(EmbeddingModel.objects.order_by("pk").select_for_update().values_list("pk", flat=True))
    model = locked_model(model)
    if model.state != ModelState.ENABLED:
        raise ModelIncomplete(f"{model} is {model.get_state_display().lower()}.")
    missing = missing_vectors(model)
    if missing and not allow_missing:
        raise ModelIncomplete(f"{missing} passages have no vector of {model.name!r} yet.")
    others = EmbeddingModel.objects.active().exclude(pk=model.pk)
    others.update(active=False, active_until=timezone.now())
    model.active = True
    model.save_fields("active")
    record(model, "activate", actor)


def previous_model() -> EmbeddingModel:
    """What answered searches before the active model; raises `NotFound` when it is gone."""
    found: EmbeddingModel | None = EmbeddingModel.objects.formerly_active().first()
    if found is None:
        raise NotFound("There is no embedding model to go back to.")
    return found


def roll_back_model(*, allow_missing: bool = False, actor: User | None = None) -> EmbeddingModel:
    """Let the previous model answer searches again; raises `NotFound` and `ModelIncomplete`."""
    model = previous_model()
    activate_model(model, allow_missing=allow_missing, actor=actor)
    return model


@transaction.atomic
def drop_model(model: EmbeddingModel, *, actor: User | None = None) -> None:
    """Let the workers remove a model with its vectors and its index; raises `ModelInUse`."""
    model = locked_model(model)
    if model.active:
        raise ModelInUse("The active embedding model cannot be removed.")
    change_state(model, ModelState.DROPPING)
    record(model, "drop", actor)
    after_commit(partial(queue_task, SETTLE))


def remove_model(model: EmbeddingModel) -> None:
    """Remove what there is of a model that is dropped, some rows at a time."""
    # Whoever still knew it has queued its documents now.
    wait_for_storing()
    EmbeddingTask.objects.filter(model=model).delete()
    # Without the index first: it would be kept up for every vector that goes.
    drop_index(model)
    vectors = PassageEmbedding.objects.of_model(model)
    while ids := list(vectors.values_list("pk", flat=True)[:VECTORS_AT_ONCE]):
        PassageEmbedding.objects.filter(pk__in=ids).delete()
    model.delete()


@transaction.atomic
def retry_model(model: EmbeddingModel, *, actor: User | None = None) -> int:
    """Ask a model again now for all it failed at; how many documents wait without their pause."""
    rows = EmbeddingModel.objects.filter(pk=model.pk, lease_token__isnull=True)
    rows.update(failures=0, error="", lease_until=None)
    waiting = EmbeddingTask.objects.filter(model=model, lease_until__isnull=False)
    count = waiting.filter(lease_token__isnull=True).update(lease_until=None)
    record(model, "retry", actor)
    return count


def change_state(model: EmbeddingModel, state: ModelState) -> None:
    """Let the workers settle a model anew, whatever they do with it now.

    Raises `ModelInUse` for one that is being dropped: nothing ends that.
    """
    rows = EmbeddingModel.objects.filter(pk=model.pk).exclude(state=ModelState.DROPPING)
    if not rows.update(state=state, failures=0, error="", updated_at=timezone.now(), **RELEASED):
        raise ModelInUse(f"{model} is being dropped.")
    model.refresh_from_db()


def locked_model(model: EmbeddingModel) -> EmbeddingModel:
    """The row as it is now, until the transaction ends."""
    found: EmbeddingModel = EmbeddingModel.objects.select_for_update().get(pk=model.pk)
    return found


def record(model: EmbeddingModel, step: str, actor: User | None) -> None:
    """Write in the audit log what was done with a model."""
    audit.record(
        "admin.settings.update", actor=actor, target=model, setting="embedding_model", step=step
    )
