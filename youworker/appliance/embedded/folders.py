"""The data directory, and a place for sockets whose names have to be short."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

from youworker.appliance.embedded.exceptions import StartupRefused
from youworker.appliance.embedded.obstacles import require_folder
from youworker.core.sockets import socket_dir

if TYPE_CHECKING:
    from pathlib import Path

SERVICE_USER = "youworker"
MEGABYTE = 1024 * 1024
# A new cluster takes 60 MB; an existing one has to be able to start for the clearing up.
SPACE_FOR_NEW = 200 * MEGABYTE
SPACE_TO_START = 24 * MEGABYTE


def prepare_data_dir(path: Path) -> Path:
    """Create the data directory; raises `StartupRefused` where it cannot be used."""
    require_folder(path)
    require_space(path)
    return path


def require_space(path: Path) -> None:
    """Refuse a disk that is as good as full."""
    needed = SPACE_TO_START if (path / "postgres").exists() else SPACE_FOR_NEW
    free = shutil.disk_usage(path).free
    if free < needed:
        raise StartupRefused(
            f"the disk of {path} is full: {free // MEGABYTE} MB are free, "
            f"{needed // MEGABYTE} MB are needed: free space or enlarge it"
        )


def prepare_socket_dir(data_dir: Path) -> Path:
    """Create the directory of the sockets, which nobody else may have made before."""
    folder = socket_dir(data_dir)
    if folder == data_dir / "run":
        folder.mkdir(exist_ok=True)
        return folder
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise StartupRefused(f"{folder} belongs to somebody else: remove it or set DATA_DIR")
    return folder


def service_account() -> pwd.struct_passwd | None:
    """The account the database runs as: PostgreSQL refuses to be root. None = this one."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return pwd.getpwnam("nobody")
    command = [useradd, "--system", "--no-create-home", "--shell", "/bin/false", SERVICE_USER]
    subprocess.run(command, check=True, capture_output=True)
    return pwd.getpwnam(SERVICE_USER)


def let_through(path: Path) -> None:
    """Let other accounts traverse (not list) the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def let_read(root: Path) -> None:
    """Let other accounts read and run what is below `root` as its owner may.

    A restrictive umask at installation leaves packages that only their owner can use.
    """
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (mode & stat.S_IRWXU & ~stat.S_IWUSR) >> 6)
