"""Backups that are made by themselves: when, where, and how many are kept."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connections

from youworker.backup.erased import write_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.first import noting_first
from youworker.backup.making import Made, make_backup
from youworker.backup.manifest import read_manifest
from youworker.backup.places import BackupPlace, configured_place, last_made
from youworker.backup.sealing import Seal, seal_for, seal_with_passphrase
from youworker.core.config import config
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from youworker.backup.buckets import Location

logger = logging.getLogger(__name__)

# One at a time, whichever process makes it.
ALONE = 7_240_001


def note_erased() -> None:
    """Have every restore erase again whoever was asked to be erased, without waiting for a backup.

    What keeps the list from being written keeps nobody from being erased: it is logged, and the
    next scheduled backup tries again.
    """
    if not config.backup.directory:
        return
    try:
        write_erased(configured_place())
    except (OSError, DomainError):
        logger.exception("restores cannot be told yet who was erased")


def make_due_backup(*, at_once: bool = False) -> Made | None:
    """Make a backup if the settings want one by now, and remove those that are too old.

    `at_once` makes one whenever the last one was made.
    """
    if not config.backup.directory:
        return None
    place = configured_place()
    with noting_first(place):
        return make_due_backup_in(place, at_once=at_once)


def make_due_backup_in(place: BackupPlace, *, at_once: bool) -> Made | None:
    """Make a backup in the configured place if one is due."""
    # Also between two backups: who is erased today is to be gone after every restore.
    write_erased(place)
    made_at = last_made(place)
    is_fresh = made_at and datetime.now(UTC) - made_at < timedelta(hours=config.backup.hours)
    if is_fresh and not at_once:
        return None
    made = make_alone(place.root, configured_seal(place))
    if made is not None:
        remove_old(place, config.backup.keep)
    return made


def make_alone(folder: Location, seal: Seal) -> Made | None:
    """Make a backup unless another process is about it."""
    guard = connections.create_connection("default")
    try:
        with guard.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ALONE])
            if not cursor.fetchone()[0]:
                return None
            return make_backup(folder, seal)
    finally:
        guard.close()


def configured_seal(place: BackupPlace) -> Seal:
    """How scheduled backups are encrypted."""
    if config.backup.recipient:
        return seal_for(config.backup.recipient)
    if config.backup.passphrase:
        return seal_with_passphrase(place, config.backup.passphrase)
    return Seal()


def remove_old(place: BackupPlace, keep: int) -> int:
    """Remove all but the newest backups, and the originals that none of those left needs."""
    names = place.names()
    old = names[: max(len(names) - keep, 0)]
    for name in old:
        place.remove(name)
    place.remove_abandoned()
    if old:
        remove_unneeded(place)
    return len(old)


def remove_unneeded(place: BackupPlace) -> None:
    """Remove originals that no backup lists; nothing while a manifest cannot be read."""
    needed: dict[Location, set[str]] = {}
    try:
        for name in place.names():
            manifest = read_manifest(place.folder(name))
            needed.setdefault(place.files(manifest.recipient), set()).update(manifest.files)
    except BackupRefused as error:
        logger.warning("Originals of removed backups stay in %s: %s", place.root, error)
        return
    for folder, file in place.originals():
        if file.name.partition(".")[0] not in needed.get(folder, set()):
            file.unlink()
