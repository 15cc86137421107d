"""Files of Microsoft's older programs: folders and streams in one file ([MS-CFB])."""

from __future__ import annotations

import io

import olefile


def opened(data: bytes) -> olefile.OleFileIO:
    """The folders and streams of a file; raises whatever the library meets in a damaged one."""
    return olefile.OleFileIO(io.BytesIO(data))


def outermost_names(data: bytes) -> set[str]:
    """The names in the outermost folder; none when the file is damaged."""
    try:
        with opened(data) as ole:
            return {entry.name for entry in ole.root.kids}
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways
        return set()
