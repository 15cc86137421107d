"""Why a folder of the installation cannot be used, and what helps: one sentence for operators."""

from __future__ import annotations

import errno
import os
import pwd
import sys
from pathlib import Path

from youworker.appliance.embedded.exceptions import StartupRefused

READ_ONLY = "its file system is read-only: mount it for writing, or set DATA_DIR to another place"
FULL = "the disk is full: free space or enlarge it"
OTHERWISE = "set DATA_DIR to a writable directory"
UNSTARTABLE = (
    "Python's packages must be those of this machine, where programs may run (no `noexec` mount)"
)


def require_folder(path: Path) -> None:
    """Create a folder; raises `StartupRefused` where this process can create or write nothing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartupRefused(f"cannot create {path}: {obstacle(error, path)}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        reason = READ_ONLY if os.statvfs(path).f_flag & os.ST_RDONLY else forbidden()
        raise StartupRefused(f"cannot write to {path}: {reason}")


def refusal_of(error: OSError, data_dir: Path) -> StartupRefused:
    """What an operator is told of trouble with the data directory, or with a program started."""
    path = data_dir if error.filename is None else Path(os.fsdecode(error.filename))
    if path.is_relative_to(sys.prefix) and not path.is_relative_to(data_dir):
        return StartupRefused(f"cannot start {path}: {in_words(error)}: {UNSTARTABLE}")
    return StartupRefused(f"cannot use {path}: {obstacle(error, path)}")


def obstacle(error: OSError, path: Path) -> str:
    """What is in the way, and how it goes away."""
    above = next(filter(is_file, path.parents), None)
    if above or isinstance(error, FileExistsError | NotADirectoryError):
        return in_the_way(above or path)
    if error.errno == errno.EROFS:
        return READ_ONLY
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return FULL
    if isinstance(error, PermissionError):
        return forbidden()
    return f"{in_words(error)}: {OTHERWISE}"


def in_words(error: OSError) -> str:
    """What the system says of it, without its number."""
    return (error.strerror or str(error)).lower()


def is_file(place: Path) -> bool:
    """Whether something other than a folder is there; false where even looking is forbidden."""
    try:
        return place.exists() and not place.is_dir()
    except OSError:
        return False


def in_the_way(place: Path) -> str:
    """A file where there should be a folder."""
    return f"{place} is no directory: move it away, or set DATA_DIR to another place"


def forbidden() -> str:
    """The lack of rights of the account that runs this."""
    return f"{account()} may not: give it the directory (chown -R), or {OTHERWISE}"


def account() -> str:
    """The account of this process; containers may have one without a name."""
    number = os.geteuid()
    try:
        return f"the account {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"the account {number}"
