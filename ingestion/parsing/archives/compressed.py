"""Tar archives, and single files that were compressed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from typing import IO, TYPE_CHECKING

from backports.zstd import ZstdError, ZstdFile

from ingestion.parsing import kinds
from ingestion.parsing.kinds import ending
from ingestion.parsing.types import Extract
from ingestion.parsing.unpacking import CHUNK, DAMAGED, NO_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.unpacking import Unpacking

BLOCK = 512
MAGIC = slice(257, 262)
# What unpacking a damaged file raises, besides `OSError`.
TROUBLE = (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, ZstdError, ValueError)
WITHIN = {"tgz": "tar", "tbz": "tar", "tbz2": "tar", "txz": "tar", "tzst": "tar", "svgz": "svg"}


@kinds.unpacks(kinds.TAR, kinds.GZIP, kinds.BZIP2, kinds.XZ, kinds.ZSTD)
def unpack_stream(data: bytes, name: str, into: Unpacking) -> Extract:
    """The files of a tar archive, or the one file that was compressed."""
    inner = inner_name(name)
    try:
        with opened(data) as stream:
            head = stream.read(BLOCK)
        with opened(data) as stream:
            if head[MAGIC] == b"ustar" or (ending(inner) == "tar" and head.strip(b"\0")):
                unpack_tar(stream, into)
            else:
                into.add(inner, chunks_of(stream))
    except TROUBLE as error:
        raise DAMAGED.failure() from error
    except OSError as error:
        # The disk's own trouble has a number, that of gzip and bz2 has none.
        if error.errno is not None:
            raise
        raise DAMAGED.failure() from error
    return Extract("")


def opened(data: bytes) -> io.BufferedIOBase:
    """The bytes that were compressed, unpacked as they are read."""
    packed = io.BytesIO(data)
    if data.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if data.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    if data.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(packed)
    return ZstdFile(packed) if data.startswith(b"\x28\xb5\x2f\xfd") else packed


def inner_name(name: str) -> str:
    """What a file was called before it was compressed."""
    stem, _, last = name.rpartition(".")
    if last.lower() in WITHIN:
        return f"{stem}.{WITHIN[last.lower()]}"
    return stem if stem and last.lower() in {"gz", "bz2", "xz", "zst"} else name


def unpack_tar(stream: io.BufferedIOBase, into: Unpacking) -> None:
    """Every file of a tar archive, in one go: what lies before it is never read again."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            if entry.isdir():
                continue
            if not entry.isreg():
                into.refuse(entry.name, NO_FILE, skipped=True)
                continue
            content = archive.extractfile(entry)
            if content is not None:
                into.add(entry.name, chunks_of(content))
            # Else the library keeps every head it has seen.
            archive.members = []  # type: ignore[attr-defined]


def chunks_of(stream: IO[bytes] | io.BufferedIOBase) -> Iterator[bytes]:
    """What can be read, some at a time."""
    while chunk := stream.read(CHUNK):
        yield chunk
