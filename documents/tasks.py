"""What Celery does for documents: embedding models are prepared and dropped."""

from __future__ import annotations

from celery import shared_task

from documents import services


@shared_task(name="documents.tasks.settle_models")
def settle_models() -> None:
    """Prepare and drop the models that wait for it; meant to be called every ten seconds."""
    services.settle_models()
