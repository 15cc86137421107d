"""Which encryption keys belong to this database."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from youworker.common.crypto import fingerprints
from youworker.common.models import KeyFingerprint


@transaction.atomic
def check_keys() -> bool:
    """Compare the configured keys with the database's; true for a database without any.

    Keys that are new are added. Raises `ImproperlyConfigured` when no key is known, because
    what was written with the others could not be read any more.
    """
    configured = fingerprints()
    known = set(KeyFingerprint.objects.values_list("fingerprint", flat=True))
    if known and not known.intersection(configured):
        raise ImproperlyConfigured(
            "MESSAGE_ENCRYPTION_KEYS has none of the keys this database was written with: "
            "put the old key back (it may stand behind a new one)."
        )
    rows = [KeyFingerprint(fingerprint=found) for found in configured]
    KeyFingerprint.objects.bulk_create(rows, ignore_conflicts=True)
    return not known
