"""Encryption keys in a file that may change while this process runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class KeyFile(Sequence[str]):
    """The keys of a file, read again as soon as the file is another one.

    A key that leaves the file goes on reading until this process ends: what somebody wrote with
    it a moment ago stays readable here.
    """

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self.path = path
        self.known = tuple(keys)
        # What `keys` were read from may be older than the file: the first look reads it again.
        self.stamp: Stamp | None = (0, 0, 0)

    def current(self) -> tuple[str, ...]:
        """The keys, the first encrypts; a file that cannot be used changes nothing."""
        stamp = self.stamp_now()
        if stamp == self.stamp:
            return self.known
        try:
            listed = keys_in(self.path.read_text())
            self.known = (*listed, *(key for key in self.known if key not in listed))
        except (OSError, ValueError) as error:
            # Without the traceback, which would show what stands in the file.
            reason = error.strerror if isinstance(error, OSError) else "it is malformed"
            logger.error("%s: the encryption keys stay as they were: %s", self.path, reason)  # noqa: TRY400
        # Last, so that no other thread takes the former keys for those of the file.
        self.stamp = stamp
        return self.known

    def stamp_now(self) -> Stamp | None:
        """What tells one version of the file from another; None while there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self.current()[index]

    def __len__(self) -> int:
        return len(self.current())


def keys_in(text: str) -> tuple[str, ...]:
    """The comma separated keys of a file; raises `ValueError` for anything else."""
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    if not keys:
        raise ValueError("There is no key.")
    for key in keys:
        Fernet(key)
    return keys
