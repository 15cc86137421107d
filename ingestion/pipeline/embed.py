"""The second stage: a document is found by meaning, too."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from documents import services as documents
from documents.exceptions import VectorsUnusable
from ingestion.enums import Stage
from ingestion.pipeline.leases import Lease, soon_durable
from ingestion.pipeline.verdicts import (
    NOT_STORABLE,
    TakenAway,
    fail,
    held_row,
    is_refused_value,
    require_held,
    try_again,
)
from youworker.common.exceptions import UpstreamUnavailable
from youworker.common.leases import lease_end

if TYPE_CHECKING:
    from ingestion.models import IngestionItem

logger = logging.getLogger(__name__)

# Seconds before a model server that did not answer is asked again.
PAUSE = 15


class SliceOver(Exception):
    """The worker has been busy with one document for long enough."""


def embed_items(lease: Lease, *, until: float) -> None:
    """Embed leased items; a long document is put down at `until` (monotonic) and goes on later."""
    for item in lease.items:
        embed_item(item, until=until)


def embed_item(item: IngestionItem, *, until: float) -> None:
    """Compute the missing vectors of one item's document."""

    def heartbeat() -> None:
        require_held(item)
        if time.monotonic() > until:
            raise SliceOver

    try:
        if item.document_id is not None:
            documents.embed_document(item.document_id, heartbeat=heartbeat)
        finish(item)
    except SliceOver:
        held_row(item).change(lease_token=None, lease_until=None)
    except TakenAway:
        logger.info("Item %s was taken away meanwhile", item.pk)
    except VectorsUnusable as error:
        give_up_or_wait(item, error.code, error.message)
    except UpstreamUnavailable as error:
        logger.warning("Embedding pauses: %s", error.message)
        wait_for_model(item, error)
    except Exception as error:  # noqa: BLE001 -- sorted there
        count_error(item, error)


def count_error(item: IngestionItem, error: Exception) -> None:
    """Count an error against an item; one of a database that is away is raised again."""
    if not isinstance(error, DatabaseError):
        logger.error("Item %s could not be embedded", item.pk, exc_info=error)
        give_up_or_wait(item, "embedding_failed", "The vectors cannot be computed.")
        return
    if not is_refused_value(error):
        raise error
    logger.warning("Item %s cannot be stored: %s", item.pk, type(error).__name__)
    give_up_or_wait(item, NOT_STORABLE, "The vectors of the file cannot be stored.")


def give_up_or_wait(item: IngestionItem, code: str, message: str) -> None:
    """Try an item again, or give it up and say so at its document."""
    if try_again(item, code, message) and item.document_id is not None:
        documents.mark_failed(item.document_id)


@transaction.atomic
def finish(item: IngestionItem) -> None:
    """Note that an item is ready; raises `TakenAway` when this worker does not hold it."""
    soon_durable()
    # The document first: in this order purging locks them, too.
    if item.document_id is None or not documents.mark_ready(item.document_id):
        fail(item, "document_deleted", "The document was deleted meanwhile.")
        return
    if not held_row(item).change(
        stage=Stage.READY, lease_token=None, lease_until=None, error_code="", error_detail=""
    ):
        raise TakenAway


def wait_for_model(item: IngestionItem, error: UpstreamUnavailable) -> None:
    """Pause an item; an absent model server is not the file's fault and never ends it."""
    held_row(item).change(
        lease_token=None,
        lease_until=lease_end(PAUSE),
        error_code=error.code,
        error_detail=error.message,
    )
