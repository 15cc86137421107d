"""Locks of the kernel on files: they end with the processes that hold them, however those end."""

from __future__ import annotations

import fcntl


def try_lock(descriptor: int) -> bool:
    """Hold an open file alone; false while somebody else does.

    Raises `OSError` where files are not locked.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
