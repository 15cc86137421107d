"""Copies of somebody's data: asked for, made by a worker, fetched, and removed again."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.enums import ExportStatus, Scope
from accounts.exceptions import InsufficientScope
from accounts.models import ApiKey, DataExport, User
from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import NotFound
from youworker.core.leases import keep_lease_alive
from youworker.data_protection.collecting import collect_package
from youworker.data_protection.export_files import (
    content_of,
    files_in_bucket,
    local_files,
    path_of,
    remove_file,
    send_to_bucket,
)
from youworker.data_protection.package import write_package

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from documents.content import Content

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# Silence after which another worker may take the making of a copy over.
LEASE_SECONDS = 60
PAUSE_SECONDS = 10
# What lies in a copy beside the account.
CONTENTS = {Scope.CHAT, Scope.DOCUMENTS_READ}


@transaction.atomic
def request_export(user: User, *, actor: User) -> DataExport:
    """Queue a copy of a user's data; one that is still to come is the answer to a second wish."""
    # One wish at a time: the row of the user is the lock.
    User.objects.select_for_update().get(pk=user.pk)
    waiting = DataExport.objects.visible_to(user).unfinished().first()
    if waiting is not None:
        return waiting
    export = DataExport.objects.create(user=user)
    audit.record("data.export", actor=actor, target=export, step="requested")
    after_commit(partial(queue_task, "youworker.tasks.make_exports"))
    return export


def make_exports() -> int:
    """Make what is due, one after the other; how many were worked on."""
    worked = 0
    while (export := DataExport.objects.claim(seconds=LEASE_SECONDS)) is not None:
        make_export(export)
        worked += 1
    return worked


def make_export(export: DataExport) -> None:
    """Make one claimed copy; what goes wrong three times is given up."""
    if export.attempts > MAX_ATTEMPTS:
        give_up_export(export, "lost")
        return
    try:
        held = DataExport.objects.holding(export.lease_token)
        with keep_lease_alive(held, seconds=LEASE_SECONDS):
            size = export_to(export.user, path_of(export.pk))
            send_to_bucket(export.pk)
    except Exception:
        logger.exception("The export %s could not be made", export.pk)
        if export.attempts >= MAX_ATTEMPTS:
            give_up_export(export, "failed")
        else:
            rows = DataExport.objects.all()
            rows.requeue(export.lease_token, pause=PAUSE_SECONDS, error_code="failed")
        return
    finish_export(export, size)


def finish_export(export: DataExport, size: int) -> None:
    """Offer a finished copy, unless another worker took the task over meanwhile."""
    expires = timezone.now() + timedelta(hours=config.privacy.export_hours)
    ready = ExportStatus.READY
    if not DataExport.objects.end(export.lease_token, ready, bytes=size, expires_at=expires):
        logger.warning("The export %s was taken over meanwhile", export.pk)
        remove_strays()


def give_up_export(export: DataExport, code: str) -> None:
    """End an export without a file."""
    path_of(export.pk).unlink(missing_ok=True)
    DataExport.objects.end(export.lease_token, ExportStatus.FAILED, error_code=code)


def export_to(user: User, path: Path) -> int:
    """Write everything about a user into a zip; its size in bytes."""
    return write_package(path, partial(collect_package, user))


def export_by_operator(user: User, path: Path) -> int:
    """Write everything about a user into a file of the operator's; its size in bytes."""
    size = export_to(user, path)
    audit.record("data.export", actor=None, target=user, step="command", bytes=size)
    return size


def open_export(
    export: DataExport, *, with_key: ApiKey | None = None, actor: User
) -> Content | Path:
    """The file of a finished copy; raises `NotFound` when it is not there, or not any more.

    Raises `InsufficientScope` for a key that could not read the same things one by one.
    """
    is_offered = DataExport.objects.downloadable().filter(pk=export.pk).exists()
    content = content_of(export.pk) if is_offered else None
    if content is None:
        raise NotFound("There is no such file.")
    if with_key is not None and not set(with_key.scopes) >= CONTENTS:
        raise InsufficientScope("A copy is fetched with the scopes chat and documents.read, too.")
    audit.record("data.export", actor=actor, target=export, step="downloaded", bytes=export.bytes)
    return content


def expire_exports() -> int:
    """Delete files that were offered long enough, and files without an export; how many rows."""
    expired = 0
    for pk in list(DataExport.objects.outdated().values_list("pk", flat=True)):
        remove_file(pk)
        rows = DataExport.objects.filter(pk=pk, status=ExportStatus.READY)
        expired += rows.update(status=ExportStatus.EXPIRED, updated_at=timezone.now())
    remove_strays()
    return expired


def remove_strays() -> int:
    """Delete files whose export is gone or has ended without one; how many."""
    found, stored = local_files(), dict(files_in_bucket())
    rows = DataExport.objects.filter(
        pk__in=[pk for pk in (*found.values(), *stored.values()) if pk]
    )
    status: dict[UUID | None, str] = dict(rows.values_list("pk", "status"))
    strays = [path for path, pk in found.items() if not belongs(path.suffix, status.get(pk))]
    for path in strays:
        path.unlink(missing_ok=True)
    lost = [pk for pk in stored.values() if pk and not belongs(".zip", status.get(pk))]
    for pk in lost:
        remove_file(pk)
    return len(strays) + len(lost)


def belongs(suffix: str, status: str | None) -> bool:
    """Whether an export in this state may have such a file: a draft, or the whole."""
    if status in (ExportStatus.QUEUED, ExportStatus.RUNNING):
        return True
    return status == ExportStatus.READY and suffix == ".zip"


def remove_files_of(user: User) -> None:
    """Delete the files of all copies of a user's data."""
    for pk in DataExport.objects.visible_to(user).values_list("pk", flat=True):
        remove_file(pk)
