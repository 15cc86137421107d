"""Encryption of backups in the format of age, so that its own program opens them as well."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import TYPE_CHECKING, BinaryIO

import pyrage
from pyrage.passphrase import decrypt as decrypt_with_passphrase

from documents.storage import flush_path
from youworker.backup.buckets import BucketPath, make_folder
from youworker.backup.exceptions import BackupRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from youworker.backup.buckets import Location
    from youworker.backup.places import BackupPlace

SUFFIX = ".age"
# age measures how fast this machine is, and refuses what seems to take far longer than a second.
# On a busy machine one measure says little, the next one may be right.
TOO_MUCH_WORK = "Excessive work"
TRIES, PAUSE_SECONDS = 20, 0.5


@dataclass(frozen=True, slots=True)
class Seal:
    """For whom files are encrypted; an empty recipient leaves them as they are."""

    recipient: str = ""

    @property
    def suffix(self) -> str:
        """What names of sealed files end in."""
        return SUFFIX if self.recipient else ""

    def write(self, source: BinaryIO, target: BinaryIO) -> None:
        """Copy a file, sealed if there is a recipient."""
        if self.recipient:
            to = pyrage.x25519.Recipient.from_str(self.recipient)
            pyrage.encrypt_io(source, target, [to])
        else:
            copy(source, target)


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens what was sealed for one identity; without one, what was not sealed."""

    identity: pyrage.x25519.Identity | None = None

    def write(self, source: BinaryIO, target: BinaryIO) -> None:
        """Copy a file, opened; raises `BackupRefused` for the wrong identity or damage."""
        if self.identity is None:
            copy(source, target)
            return
        try:
            pyrage.decrypt_io(source, target, [self.identity])
        except pyrage.DecryptError as error:
            raise BackupRefused("This key does not open the backup, or it is damaged.") from error


def seal_for(recipient: str) -> Seal:
    """A seal for an age recipient; raises `BackupRefused` for what is none."""
    try:
        pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise BackupRefused("A recipient looks like age1…, as `age-keygen` prints it.") from error
    return Seal(recipient)


def seal_with_passphrase(place: BackupPlace, passphrase: str) -> Seal:
    """A seal for the identity of a place, which is made at first and sealed with the passphrase."""
    if place.identity.exists():
        identity = open_identity(place, passphrase)
    else:
        identity = pyrage.x25519.Identity.generate()
        make_folder(place.root)
        sealed = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)
        with write_draft(place.identity) as file:
            file.write(sealed)
    return Seal(str(identity.to_public()))


def open_identity(place: BackupPlace, passphrase: str) -> pyrage.x25519.Identity:
    """The identity of a place; raises `BackupRefused` for a wrong passphrase."""
    try:
        sealed = place.identity.read_bytes()
    except OSError as error:
        raise BackupRefused("The passphrase does not fit the backups in this place.") from error
    return pyrage.x25519.Identity.from_str(opened_with(passphrase, sealed).decode())


def opened_with(passphrase: str, sealed: bytes) -> bytes:
    """What was sealed with a passphrase; raises `BackupRefused` for another one."""
    for _ in range(TRIES):
        try:
            opened: bytes = decrypt_with_passphrase(sealed, passphrase)
        except pyrage.DecryptError as error:
            if TOO_MUCH_WORK not in str(error):
                reason = "The passphrase does not fit the backups in this place."
                raise BackupRefused(reason) from error
            sleep(PAUSE_SECONDS)
        else:
            return opened
    raise BackupRefused("This machine is too busy to try the passphrase: try again later.")


def identity_in(file: Path) -> pyrage.x25519.Identity:
    """The identity in a file of age's; raises `BackupRefused` when there is none."""
    try:
        lines = [line.strip() for line in file.read_text().splitlines()]
        return pyrage.x25519.Identity.from_str(
            next(line for line in lines if line.startswith("AGE-"))
        )
    except (OSError, StopIteration, pyrage.IdentityError) as error:
        raise BackupRefused(f"{file} holds no identity of age.") from error


@contextmanager
def write_draft(path: Location) -> Iterator[BinaryIO]:
    """A file that has its name only when it is whole, and on the disk or in the bucket."""
    if isinstance(path, BucketPath):
        with path.writing() as file:
            yield file
        return
    draft = path.with_name(f"{path.name}.draft")
    try:
        with draft.open("wb") as file:
            yield file
        flush_path(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def copy(source: BinaryIO, target: BinaryIO) -> None:
    """Copy what is left of a file."""
    while piece := source.read(1 << 20):
        target.write(piece)
