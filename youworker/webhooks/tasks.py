"""What workers do for webhooks."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from celery import shared_task

from youworker.core.config import config
from youworker.core.effects import BROKER_ERRORS, attempt
from youworker.core.redis import sync_redis
from youworker.webhooks import delivering, services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.lock import Lock


@shared_task
def deliver_events() -> int:
    """Send what is due, unless another worker does: files that wait need the others."""
    with first_alone() as is_first:
        return delivering.deliver_due() if is_first else 0


@shared_task
def forget_events() -> int:
    """Remove events that are older than is kept, with their deliveries."""
    return services.forget_events()


@contextmanager
def first_alone() -> Iterator[bool]:
    """Whether nobody else is in this block; a killed worker is waited for until its time is up."""
    seconds = delivering.BUDGET_SECONDS + config.webhook.timeout_seconds + delivering.SLACK_SECONDS
    lock = sync_redis().lock("yw:webhooks:deliver", timeout=seconds)
    if not attempt("choosing who sends webhooks", lock.acquire, blocking=False):
        yield False
        return
    try:
        yield True
    finally:
        release_quietly(lock)


def release_quietly(lock: Lock) -> None:
    """Let others in; a lock that ran out is somebody else's by now, or Redis is away."""
    with suppress(*BROKER_ERRORS):
        lock.release()
