"""Background work of conversations."""

from celery import shared_task

SWEEP_SECONDS = 10


@shared_task
def sweep_runs() -> int:
    """End runs whose process is gone; how many there were."""
    from chat.runs.recovery import interrupt_stalled_runs  # noqa: PLC0415 -- task leaf

    return interrupt_stalled_runs()
