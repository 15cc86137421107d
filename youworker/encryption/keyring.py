"""Which encryption keys belong to this database, and which of them may go."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, transaction

from youworker.core.models import KeyFingerprint
from youworker.core.words import phrased
from youworker.encryption.crypto import SHOWN, fingerprints


@transaction.atomic
def check_keys() -> bool:
    """Compare the configured keys with the database's; true for a database without any.

    Keys that are new are added. Raises `ImproperlyConfigured` when a key is missing that rows
    may be encrypted with, because they could not be read any more.
    """
    configured = fingerprints()
    is_new = not require_known_keys()
    rows = [KeyFingerprint(fingerprint=found) for found in configured]
    KeyFingerprint.objects.bulk_create(rows, ignore_conflicts=True)
    # A key that was retired and encrypts again is in use again.
    KeyFingerprint.objects.retired().filter(fingerprint=configured[0]).update(retired_at=None)
    return is_new


def require_known_keys() -> bool:
    """Compare the configured keys with the database's, which may have none: false then.

    Raises `ImproperlyConfigured` as `check_keys` does, and writes nothing.
    """
    configured = fingerprints()
    known = list(KeyFingerprint.objects.oldest_first())
    if known and not {row.fingerprint for row in known}.intersection(configured):
        raise ImproperlyConfigured(
            phrased(
                "MESSAGE_ENCRYPTION_KEYS has none of the keys this database was written with: "
                "put the old key back (it may stand behind a new one)."
            )
        )
    needed = [row for row in known if row.retired_at is None]
    missing = [str(row) for row in needed if row.fingerprint not in configured]
    if missing:
        raise ImproperlyConfigured(
            phrased(
                "MESSAGE_ENCRYPTION_KEYS lacks %(missing)s (fingerprint), which this database is "
                "still encrypted with: put that key back behind the first one. It may go after "
                "manage.py rotate_message_keys.",
                missing=", ".join(missing),
            )
        )
    return bool(known)


def require_keys() -> None:
    """Check the keys of a process that prepares nothing; raises `ImproperlyConfigured`."""
    try:
        check_keys()
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            "The tables are not those of this version: run manage.py migrate (or up) first."
        ) from error


def older_keys() -> list[str]:
    """The configured keys behind the first, as people see them."""
    return [one[:SHOWN] for one in fingerprints()[1:]]
