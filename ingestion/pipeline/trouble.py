"""Trouble that passes by itself, told apart from a file that nobody can read."""

from __future__ import annotations

import errno

from documents.exceptions import StorageFull, StorageUnavailable, VectorsUnusable
from documents.storage import FULL
from ingestion.parsing.types import ParseFailed
from youworker.core.exceptions import UpstreamUnavailable

# The machine has no process, memory or file descriptor left for us at this moment.
BUSY = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
NO_ROOM = "There is no room left for files on the server."
NO_MEANS = "The server is too busy to read the file at this moment."


def passing_reason(error: BaseException) -> tuple[str, str] | None:
    """Code and sentence of trouble that is no fault of the file; none for any other."""
    if isinstance(error, VectorsUnusable):
        return None
    if isinstance(error, (StorageFull, StorageUnavailable, UpstreamUnavailable)):
        return error.code, error.message
    is_full = isinstance(error, OSError) and error.errno in FULL
    # The parser has no room for what it unpacks.
    if is_full or (isinstance(error, ParseFailed) and error.code == StorageFull.code):
        return StorageFull.code, NO_ROOM
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in BUSY):
        return "server_busy", NO_MEANS
    return None
