"""Tidying up, and signing the audit log."""

from celery import shared_task

from youworker.common.config import config
from youworker.common.effects import attempt


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


@shared_task
def make_exports() -> int:
    """Make the copies of people's data that are due."""
    from youworker.privacy import exports  # noqa: PLC0415 -- task leaf

    return exports.make_exports()


@shared_task
def erase_users() -> int:
    """Carry out the erasures that are due."""
    from youworker.privacy import erasures  # noqa: PLC0415 -- task leaf

    return erasures.erase_users()


@shared_task
def sweep_privacy() -> None:
    """Take up exports and erasures that were lost, and delete files that have expired."""
    from youworker.privacy import erasures, exports  # noqa: PLC0415 -- task leaf

    exports.expire_exports()
    exports.make_exports()
    erasures.erase_users()


@shared_task
def apply_retention() -> dict[str, int]:
    """Remove conversations that are older than the rules allow."""
    from chat.services import apply_retention as apply  # noqa: PLC0415 -- task leaf

    return apply()


@shared_task
def remove_unused_files() -> int:
    """Delete stored files that nothing refers to."""
    from documents import services  # noqa: PLC0415 -- task leaf

    services.adopt_strays()
    return services.remove_unused_files()


def wake_privacy(name: str) -> None:
    """Wake a worker for exports or erasures; the sweeper makes up for a broker that is away."""
    task = {"make_exports": make_exports, "erase_users": erase_users}[name]
    attempt("waking a worker", task.apply_async, retry=False)
