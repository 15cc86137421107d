"""The second stage: a document is found by meaning, too."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from documents import services as documents
from ingestion.enums import Stage
from ingestion.pipeline.leases import Lease, soon_durable
from ingestion.pipeline.verdicts import fail, held_row, try_again
from youworker.common.exceptions import DomainError, UpstreamUnavailable
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
        embed_item(item, lease, until=until)


def embed_item(item: IngestionItem, lease: Lease, *, until: float) -> None:
    """Compute the missing vectors of one item's document."""

    def heartbeat() -> None:
        lease.keep_alive()
        if time.monotonic() > until:
            raise SliceOver

    try:
        if item.document_id is not None:
            documents.embed_document(item.document_id, heartbeat=heartbeat)
        finish(item)
    except SliceOver:
        held_row(item).change(lease_token=None, lease_until=None)
    except UpstreamUnavailable as error:
        logger.warning("Embedding pauses: %s", error.message)
        wait_for_model(item, error)
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("Item %s could not be embedded", item.pk)
        give_up_or_wait(item, error)


def give_up_or_wait(item: IngestionItem, error: Exception) -> None:
    """Try an item again, or give it up and say so at its document."""
    message = error.message if isinstance(error, DomainError) else "The vectors cannot be computed."
    if try_again(item, "embedding_failed", message) and item.document_id is not None:
        documents.mark_failed(item.document_id)


@transaction.atomic
def finish(item: IngestionItem) -> None:
    """Note that an item is ready, if this worker still holds it."""
    soon_durable()
    if item.document_id is None:
        fail(item, "document_deleted", "The document was deleted meanwhile.")
        return
    if held_row(item).change(
        stage=Stage.READY, lease_token=None, lease_until=None, error_code="", error_detail=""
    ):
        documents.mark_ready(item.document_id)


def wait_for_model(item: IngestionItem, error: UpstreamUnavailable) -> None:
    """Pause an item; an absent model server is not the file's fault and never ends it."""
    held_row(item).change(
        lease_token=None,
        lease_until=lease_end(PAUSE),
        error_code=error.code,
        error_detail=error.message,
    )
