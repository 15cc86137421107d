"""Which processes of this machine are gone: each that holds work also holds a lock on a file.

The kernel lets go of the lock when its process is gone, however that ended, and not while one
hangs or is paused. Processes of other machines are not looked at: their leases end by themselves.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from youworker.core.config import config
from youworker.core.files import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

# Half of a token says which process made it.
HALF = 64
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

registering = threading.Lock()


# The number of this process, and its locked file; None before it holds any work.
own: tuple[int, int | None] | None = None


def own_number() -> int:
    """The number of this process, whose end others can see from now on."""
    global own  # noqa: PLW0603 -- one per process
    with registering:
        if own is None:
            own = register_process()
        return own[0]


def register_process() -> tuple[int, int | None]:
    """A new number, and the locked file that goes with it; None where no file can be locked."""
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            number = secrets.randbits(HALF)
            if (descriptor := lock_new_file(path_of(number))) is not None:
                return number, descriptor
    except OSError as error:
        logger.warning("what this process holds will be free late if it is killed: %s", error)
        return secrets.randbits(HALF), None


def lock_new_file(path: Path) -> int | None:
    """A new file, locked; None when somebody looked in between, and takes it for one of the dead.

    Raises `OSError` where files are not locked, or a lock keeps nobody out.
    """
    # Programs that are started do not inherit it.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if try_lock(descriptor) and os.fstat(descriptor).st_nlink:
            require_held(path)
            return descriptor
    except OSError:
        path.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def require_held(path: Path) -> None:
    """Raise `OSError` when the lock of a file can be had twice: the living would seem dead."""
    with lock_of_ended(path) as is_over:
        if is_over:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(path))


def forget_parent() -> None:
    """Be a process of its own after a fork; the lock remains the parent's alone."""
    global own, registering
    if own is not None and own[1] is not None:
        os.close(own[1])
    # A thread of the parent may have held it in that moment.
    own, registering = None, threading.Lock()


os.register_at_fork(after_in_child=forget_parent)


def new_token() -> UUID:
    """A token for work of this process, from which `tokens_of` knows that it is."""
    return UUID(int=own_number() << HALF | secrets.randbits(HALF))


def tokens_of(number: int) -> tuple[UUID, UUID]:
    """The first and the last of the tokens that a process can have made."""
    return UUID(int=number << HALF), UUID(int=((number + 1) << HALF) - 1)


def find_ended() -> Iterator[int]:
    """The numbers of processes of this machine that are gone.

    Each is named until whoever asks has gone on to the next: what fails is tried again.
    """
    for path in folder().glob("*.*"):
        with lock_of_ended(path) as is_over:
            if not is_over:
                continue
            where, _, number = path.name.partition(".")
            # Of a machine that stands elsewhere, or before it was started anew.
            if where == boot():
                yield int(number, 16)
            path.unlink(missing_ok=True)


@contextmanager
def lock_of_ended(path: Path) -> Iterator[bool]:
    """Hold the lock of a process that is gone; false while there is one, or somebody looks."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            is_over = try_lock(descriptor)
        except OSError:
            # Where locks are not known nothing is concluded.
            is_over = False
        yield is_over
    finally:
        os.close(descriptor)


def folder() -> Path:
    """Where the files are, of all processes that share the folder of the data."""
    return config.data_dir / "processes"


def path_of(number: int) -> Path:
    """The file of a process of this machine."""
    return folder() / f"{boot()}.{number:016x}"


@cache
def boot() -> str:
    """What this machine is called from its start until the next."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        # Nobody else's, so that nothing is concluded.
        return str(UUID(int=secrets.randbits(2 * HALF)))
