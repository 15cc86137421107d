"""The stored originals."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from documents.models import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

# Which of some originals others need; apps above this one add themselves when they are loaded.
needed_elsewhere: list[Callable[[Collection[str]], set[str]]] = []


def stored_path(file: str) -> Path | None:
    """Where a stored original lies; none for names that would leave the file store."""
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / file).resolve()
    return path if file and path.is_relative_to(root) and path != root else None


@contextmanager
def storing() -> Iterator[None]:
    """Hold off removals from before a file is stored until a committed row refers to it.

    The same bytes may be somebody else's, whose last reference goes at this moment.
    """
    with locked(fcntl.LOCK_SH):
        yield


@contextmanager
def locked(how: int) -> Iterator[None]:
    """Hold the lock of the file store, in every process that shares it."""
    root = Path(settings.MEDIA_ROOT)
    root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with root.with_name(f"{root.name}.lock").open("w") as handle:
        fcntl.flock(handle, how)
        yield


def remove_unused_file(file: str) -> bool:
    """Delete a stored original that nobody needs; whether something was deleted.

    Waits for what is being stored, so no transaction may be open and no lock of `storing` held.
    """
    path = stored_path(file)
    if path is None:
        return False
    with locked(fcntl.LOCK_EX):
        if file in needed_files([file]):
            return False
        existed = path.is_file()
        path.unlink(missing_ok=True)
    return existed


def needed_files(files: Collection[str]) -> set[str]:
    """Those of the originals that a document, or something that is to become one, refers to."""
    found = set(Document.all_objects.filter(file__in=files).values_list("file", flat=True))
    return found.union(*(needed(files) for needed in needed_elsewhere))
