"""What Celery does for documents: embedding models are prepared and dropped."""

from __future__ import annotations

from celery import shared_task

from youworker.core.effects import attempt


@shared_task(name="documents.tasks.settle_models")
def settle_models() -> None:
    """Prepare and drop the models that wait for it; meant to be called every ten seconds."""
    from documents import services  # noqa: PLC0415 -- task leaf

    services.settle_models()


def wake_for_models() -> None:
    """Wake a worker for the models; the schedule makes up for a broker that is away."""
    attempt("waking a worker", settle_models.apply_async, retry=False)
