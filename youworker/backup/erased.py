"""Who was erased: kept beside the backups, which still know them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from django.db import transaction

from accounts.models import Erasure, User
from youworker.backup.buckets import make_folder
from youworker.backup.exceptions import BackupRefused
from youworker.backup.sealing import write_draft
from youworker.core.sql import lock_names
from youworker.data_protection.erasures import request_erasure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from youworker.backup.places import BackupPlace


def read_erased(place: BackupPlace) -> dict[str, str]:
    """The ids of people who were erased, with what became of what they shared."""
    if not place.erased.exists():
        return {}
    try:
        return {
            str(UUID(key)): str(said)
            for key, said in orjson.loads(place.erased.read_bytes()).items()
        }
    except (ValueError, AttributeError) as error:
        raise BackupRefused(f"{place.erased} is damaged.") from error


@transaction.atomic
def write_erased(place: BackupPlace) -> None:
    """Add everybody whose erasure was asked for here; nobody is ever taken off the list."""
    # Who writes next has to see whom this one adds.
    lock_names(f"erased {place.root}")
    asked = Erasure.objects.values_list("subject", "shared_documents")
    known = read_erased(place) | {str(subject): shared for subject, shared in asked}
    make_folder(place.root)
    with write_draft(place.erased) as file:
        file.write(orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def erase_again(erased: dict[str, str]) -> int:
    """Ask for the erasure of everybody of a list who is there again; how many they are."""
    users: Iterable[User] = User.objects.filter(pk__in=erased)
    count = 0
    for user in users:
        # Their erasure of before may be a row that says it was done.
        Erasure.objects.filter(subject=user.pk).delete()
        request_erasure(user, shared_documents=erased[str(user.pk)], actor=None)
        count += 1
    return count
