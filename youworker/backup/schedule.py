"""Backups that are made by themselves: when, where, and how many are kept."""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connections

from youworker.backup.erased import write_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.first import noting_first
from youworker.backup.making import Made, make_backup
from youworker.backup.manifest import read_manifest
from youworker.backup.places import DRAFT, MANIFEST, BackupPlace, last_made
from youworker.backup.sealing import Seal, seal_for, seal_with_passphrase
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

# One at a time, whichever process makes it.
ALONE = 7_240_001
# What was not finished by then never will be.
ABANDONED = timedelta(hours=48)


def make_due_backup(*, at_once: bool = False) -> Made | None:
    """Make a backup if the settings want one by now, and remove those that are too old.

    `at_once` makes one whenever the last one was made.
    """
    if not config.backup.directory:
        return None
    place = BackupPlace(Path(config.backup.directory))
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


def make_alone(folder: Path, seal: Seal) -> Made | None:
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
        # First what makes it a backup: one that is removed half is none.
        (place.folder(name) / MANIFEST).unlink()
        shutil.rmtree(place.folder(name))
    for draft in abandoned(place):
        shutil.rmtree(draft, ignore_errors=True)
    if old:
        remove_unneeded(place)
    return len(old)


def abandoned(place: BackupPlace) -> Iterator[Path]:
    """Backups whose making ended long ago without an end."""
    limit = (datetime.now(UTC) - ABANDONED).timestamp()
    for folder in place.root.glob(f"*{DRAFT}"):
        if folder.stat().st_mtime < limit:
            yield folder


def remove_unneeded(place: BackupPlace) -> None:
    """Remove originals that no backup lists; nothing while a manifest cannot be read."""
    needed: dict[Path, set[str]] = {}
    try:
        for name in place.names():
            manifest = read_manifest(place.folder(name))
            needed.setdefault(place.files(manifest.recipient), set()).update(manifest.files)
    except BackupRefused as error:
        logger.warning("Originals of removed backups stay in %s: %s", place.root, error)
        return
    for folder in place.root.glob("files*"):
        for file in folder.glob("*/*/*"):
            if file.name.partition(".")[0] not in needed.get(folder, set()):
                file.unlink()
