"""What Celery does for documents: models are settled and evaluated, old indexes renewed."""

from __future__ import annotations

import time

from celery import shared_task

from documents import services
from documents.evaluation import evaluate_next

# Seconds one task works before others get their turn.
SLICE = 5.0


@shared_task(name="documents.tasks.settle_models")
def settle_models() -> None:
    """Prepare and drop the models that wait for it; meant to be called every ten seconds."""
    services.settle_models()


@shared_task(name="documents.tasks.reindex_documents")
def reindex_documents() -> None:
    """Index documents again that an older version indexed; meant to be called every ten seconds."""
    services.reindex_documents(until=time.monotonic() + SLICE)


@shared_task(name="documents.tasks.evaluate_searches")
def evaluate_searches() -> None:
    """Ask golden questions for a time slice; meant to be called every ten seconds."""
    until = time.monotonic() + SLICE
    while evaluate_next(until=until) and time.monotonic() < until:
        pass
