"""The Unix sockets of an installation: where they lie, and serving at one."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Listener
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

# A Unix socket's path ends at 107 bytes; this leaves room for the longest file name.
LONGEST_SOCKET_DIR = 80


def socket_dir(data_dir: Path) -> Path:
    """The directory of the sockets: in `data_dir`, or a short one when that is too long.

    It need not be there yet.
    """
    direct = data_dir / "run"
    if len(os.fsencode(direct)) <= LONGEST_SOCKET_DIR and re.fullmatch(r"[\w./-]+", str(direct)):
        return direct
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"youworker-{os.geteuid()}-{digest}"


def serve_for_ever(path: Path, serve: Callable[[Connection], object], *, backlog: int) -> NoReturn:
    """Give each connection to a socket to `serve`, in a thread of its own; imports no Django.

    The umask of the process is changed: nobody else's programs have anything to ask here.
    """
    # What a process left behind that was killed.
    path.unlink(missing_ok=True)
    os.umask(0o177)
    with Listener(str(path), "AF_UNIX", backlog=backlog) as listener:
        while True:
            with suppress(OSError):
                connection = listener.accept()
                threading.Thread(target=serve, args=[connection], daemon=True).start()
