"""What workers do for tool servers."""

from __future__ import annotations

import logging

from celery import shared_task

from mcp import services

logger = logging.getLogger(__name__)


@shared_task
def refresh_servers() -> None:
    """Bring the built-in servers' rows up to date and ask every other server for its tools."""
    services.sync_builtin_servers()
    counts = services.refresh_servers()
    failed = sorted(slug for slug, count in counts.items() if count is None)
    logger.info("%d tool servers asked, without an answer: %s", len(counts), failed or "none")
