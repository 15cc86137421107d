"""Summing days that are over."""

from celery import shared_task

from youworker.analytics import daily


@shared_task
def settle_days() -> int:
    """Sum finished days that were not summed yet."""
    return daily.settle_days()
