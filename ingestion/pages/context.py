"""What several pages of ingestion show."""

from __future__ import annotations

from typing import Any

from youworker.core.config import config

# Requests of a size that a lost connection does not make expensive; 20 an hour are enough.
FILES_AT_ONCE = 100
BYTES_AT_ONCE = 50_000_000


def upload_limits() -> dict[str, Any]:
    """What a module may send at once."""
    limits = config.ingestion
    return {
        "files_at_once": min(FILES_AT_ONCE, limits.max_upload_files),
        "bytes_at_once": min(BYTES_AT_ONCE, limits.max_upload_bytes),
        "largest_file": min(limits.max_file_bytes, limits.max_upload_bytes),
    }
