"""Tidying up, signing the audit log, and looking for what is wrong."""

from celery import shared_task

from accounts.models import User
from documents import services as documents
from youworker.audit import verification
from youworker.core.config import config
from youworker.data_protection import erasures, exports, purge
from youworker.doctor import GROUPS
from youworker.doctor.reports import make_report


@shared_task
def purge_deleted() -> dict[str, int]:
    """Remove what was deleted longer ago than it can be restored."""
    return purge.purge_deleted(config.api.soft_delete_days)


@shared_task
def forget_requests() -> int:
    """Remove the answers of old `Idempotency-Key`s."""
    return purge.forget_requests()


@shared_task
def sign_audit_log() -> bool:
    """Verify what the audit log gained since the last checkpoint, and sign it."""
    return verification.sign_head()


@shared_task
def make_exports() -> int:
    """Make the copies of people's data that are due."""
    return exports.make_exports()


@shared_task
def erase_users() -> int:
    """Carry out the erasures that are due, after telling backups whom they are of."""
    from youworker.backup import schedule  # noqa: PLC0415 -- other children need none of it

    schedule.note_erased()
    return erasures.erase_users()


@shared_task
def sweep_privacy() -> None:
    """Take up exports and erasures that were lost, and delete files that have expired."""
    exports.expire_exports()
    exports.make_exports()
    erasures.erase_users()


@shared_task
def apply_retention() -> dict[str, int]:
    """Remove conversations and usage that are older than the rules allow."""
    return purge.apply_retention()


@shared_task
def remove_unused_files() -> int:
    """Delete stored files that nothing refers to."""
    documents.register_stray_files()
    return documents.remove_unused_files()


@shared_task
def make_backup(at_once: bool = False) -> str:  # noqa: FBT001, FBT002 -- a task's argument
    """Make a backup when the settings want one by now, or somebody does; its name."""
    from youworker.backup import schedule  # noqa: PLC0415 -- other children need none of it

    made = schedule.make_due_backup(at_once=at_once)
    return made.name if made else ""


@shared_task
def examine_data(fix: bool, actor_id: str) -> None:  # noqa: FBT001 -- a task's argument
    """Look at the stored data, and repair it as somebody who may."""
    actor = User.objects.filter(pk=actor_id, is_active=True).first()
    checks = tuple(check for group in GROUPS.values() for check in group)
    make_report(checks, fix=fix and actor is not None, actor=actor)
