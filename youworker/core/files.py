"""Files: locked by one process, secrets made once, and names as other systems take them."""

from __future__ import annotations

import fcntl
import os
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What most file systems take, in bytes of UTF-8; an ending of up to so many is kept whole.
LONGEST_BYTES = 255
LONGEST_ENDING = 20
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Parts of letters in Persian and Indian scripts, and of emoji.
JOINERS = {"\u200c", "\u200d"}


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


def seen_name(name: str) -> str:
    """The name with `_` for what nobody sees, such as marks that turn letters round."""
    return "".join(
        "_" if unicodedata.category(each) in UNSEEN and each not in JOINERS else each
        for each in name
    )


def shortened_name(name: str, longest: int = LONGEST_BYTES) -> str:
    """The name within so many bytes of UTF-8, with its ending kept."""
    if len(name.encode()) <= longest:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    room = longest - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + ending


def ascii_name(name: str) -> str:
    """The nearest name without accents, for those who read nothing else."""
    plain = unicodedata.normalize("NFKD", name)
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return "".join(each if each.isascii() and each not in '"\\%' else "_" for each in letters)
