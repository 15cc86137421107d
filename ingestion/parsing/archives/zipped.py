"""Zip archives."""

from __future__ import annotations

import copy
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
DEFLATE64 = 9
# Each may become 26,000 times as large: 13 MB.
PACKED_BLOCK = 512


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
    if entry.compress_type == DEFLATE64:
        yield from inflated(archive, entry)
        return
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except NotImplementedError as error:
        raise UNKNOWN_METHOD.failure() from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        raise DAMAGED.failure() from error


def inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry that is packed by Deflate64; raises `ParseFailed`.

    Explorer of Windows packs so what is larger than 2 GB; Python's library knows no such method.
    """
    import inflate64  # noqa: PLC0415 -- few files need it

    packed = copy.copy(entry)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, entry.compress_size
    packed.CRC = None  # type: ignore[assignment]  # that of the content, checked below
    inflater, checksum = inflate64.Inflater(), 0
    try:
        with archive.open(packed) as stream:
            while not inflater.eof and (block := stream.read(PACKED_BLOCK)):
                content = inflater.inflate(block)
                checksum = zlib.crc32(content, checksum)
                yield content
    except NotImplementedError as error:
        raise UNKNOWN_METHOD.failure() from error
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise DAMAGED.failure() from error
    if not inflater.eof or checksum != entry.CRC:
        raise DAMAGED.failure()


def path_of(entry: zipfile.ZipInfo) -> str:
    """The path of an entry; many programs write UTF-8 and do not say so."""
    if entry.flag_bits & IN_UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename
