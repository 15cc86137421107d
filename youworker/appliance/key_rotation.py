"""Changing the encryption keys while the product is used."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from youworker import audit
from youworker.appliance.embedded.secrets import keep_first_key, own_key_file, put_key_in_front
from youworker.audit import verification
from youworker.core.config import config
from youworker.core.exceptions import Conflict, InvalidInput
from youworker.core.models import KeyFingerprint
from youworker.encryption import keyring, rotation
from youworker.encryption.crypto import fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.encryption.rotation import Tally

# Any number, as long as it is always the same and nobody else's.
ROTATION_LOCK = 7_026_112


def add_key() -> None:
    """Put a new key in front of an embedded installation's; running processes follow at once."""
    path = own_key_file(config.data_dir)
    if path is None:
        raise InvalidInput(
            "MESSAGE_ENCRYPTION_KEYS is yours: put a new key in front of it, restart every "
            "process, and run this again without --new."
        )
    with hold_rotation_lock():
        put_key_in_front(path)
        keyring.check_keys()


def rotate_keys(progress: Callable[[int], object] | None = None) -> tuple[Tally, bool]:
    """Encrypt everything with the first key; what was found, and whether all older keys may go."""
    with hold_rotation_lock():
        tally, is_clean = rotation.rotate_until_clean(progress)
        note_rotation(tally, is_clean=is_clean)
    return tally, is_clean


def drop_old_keys() -> tuple[list[str], bool]:
    """Remove every key but the first; which ones, and whether the file was changed by us.

    Raises `Conflict` while anything is encrypted with them.
    """
    with hold_rotation_lock():
        if not keyring.older_keys():
            raise Conflict("There is only one key.")
        settled = rotation.wait_for_writers()
        found = rotation.rotate(dry_run=True)
        if found.old:
            raise Conflict(
                f"Nothing was dropped: {found.old:,} values are encrypted with older keys. "
                "Run manage.py rotate_message_keys first."
            )
        if not settled:
            raise Conflict("Nothing was dropped: a transaction that writes lasts too long.")
        # The old keys signed the audit log, too: what they vouch for gets the new signature first.
        verification.sign_head()
        dropped = retire_older_keys()
        path = own_key_file(config.data_dir)
        if path is not None:
            keep_first_key(path)
    return dropped, path is not None


@transaction.atomic
def note_rotation(tally: Tally, *, is_clean: bool) -> None:
    """Record a rotation; after a clean one every key but the first is retired."""
    first = KeyFingerprint(fingerprint=fingerprints()[0])
    if is_clean:
        KeyFingerprint.objects.exclude(fingerprint=first.fingerprint).retire()
    record_rotation(first, older=keyring.older_keys(), retired=is_clean, **tally.counts())


@transaction.atomic
def retire_older_keys() -> list[str]:
    """Note that only the first key is in use, before the others are dropped; which those are."""
    first, dropped = KeyFingerprint(fingerprint=fingerprints()[0]), keyring.older_keys()
    KeyFingerprint.objects.exclude(fingerprint=first.fingerprint).retire()
    record_rotation(first, dropped=dropped)
    return dropped


def record_rotation(first: KeyFingerprint, **details: Any) -> None:
    """Write the audit line; of fingerprints it has what people see."""
    target = KeyFingerprint(fingerprint=str(first))
    audit.record("key.rotate", actor=None, target=target, first=str(first), **details)


@contextmanager
def hold_rotation_lock() -> Iterator[None]:
    """Let one change of keys go on at a time; raises `Conflict` for a second one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ROTATION_LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict("Another rotation is going on.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ROTATION_LOCK])
