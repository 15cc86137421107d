"""Tidying up, and signing the audit log."""

from celery import shared_task

from youworker.common.config import config


@shared_task
def purge_deleted() -> dict[str, int]:
    """Remove what was deleted longer ago than it can be restored."""
    from youworker import purging  # noqa: PLC0415 -- task leaf

    return purging.purge_deleted(config.api.soft_delete_days)


@shared_task
def forget_requests() -> int:
    """Remove the answers of old `Idempotency-Key`s."""
    from youworker import purging  # noqa: PLC0415 -- task leaf

    return purging.forget_requests()


@shared_task
def sign_audit_log() -> bool:
    """Verify what the audit log gained since the last checkpoint, and sign it."""
    from youworker.common.audit import verifying  # noqa: PLC0415 -- task leaf

    return verifying.sign_head()
