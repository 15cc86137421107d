"""Where the Unix sockets of an installation lie."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

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
