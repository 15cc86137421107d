"""Files: locked by one process, secrets made once, and names as other systems take them."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def make_once(path: Path, make: Callable[[], str]) -> None:
    """Make a secret unless it is there; the file is written whole or not at all."""
    if path.exists():
        return
    draft = path.with_suffix(f".{os.getpid()}")
    write_private(draft, make())
    try:
        # A link refuses to replace: of two first starts, one secret wins.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def try_lock(descriptor: int) -> bool:
    """Hold an open file alone; false while somebody else does.

    Raises `OSError` where files are not locked.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
