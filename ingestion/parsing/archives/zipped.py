"""Zip archives."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.types import Extract
from ingestion.parsing.unpacking import CHUNK, DAMAGED, ENCRYPTED, NO_FILE, UNKNOWN_METHOD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.unpacking import Unpacking

LOCKED = 1
IN_UTF8 = 0x800


@kinds.unpacks(kinds.ZIP)
def unpack_zip(data: bytes, name: str, into: Unpacking) -> Extract:
    """Every file of a zip archive; raises `ParseFailed` when all of them are locked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if entries and all(entry.flag_bits & LOCKED for entry in entries):
                raise ENCRYPTED.failure()
            for entry in entries:
                unpack_entry(archive, entry, into)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DAMAGED.failure() from error
    return Extract("")


def unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Unpacking) -> None:
    """One file of an archive, or why it stays in there."""
    path = path_of(entry)
    mode = entry.external_attr >> 16
    if entry.flag_bits & LOCKED:
        into.refuse(path, ENCRYPTED)
    elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        into.refuse(path, NO_FILE, skipped=True)
    else:
        into.add(path, chunks_of(archive, entry))


def chunks_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry, unpacked as it is read; raises `ParseFailed` when it is damaged."""
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except NotImplementedError as error:
        raise UNKNOWN_METHOD.failure() from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        raise DAMAGED.failure() from error


def path_of(entry: zipfile.ZipInfo) -> str:
    """The path of an entry; many programs write UTF-8 and do not say so."""
    if entry.flag_bits & IN_UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename
