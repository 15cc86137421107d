"""Archives of 7-Zip."""

from __future__ import annotations

import io
import lzma
import zlib
from typing import TYPE_CHECKING

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired
from py7zr.io import Py7zIO, WriterFactory

from ingestion.parsing import kinds
from ingestion.parsing.types import Extract
from ingestion.parsing.unpacking import (
    DAMAGED,
    EMPTY,
    ENCRYPTED,
    NO_FILE,
    TOO_MUCH,
    UNSAFE,
    is_inside,
    is_leftover,
)

if TYPE_CHECKING:
    from ingestion.parsing.unpacking import Unpacking

# Whole files are held, for the library writes them piece by piece; the parser's memory is bounded.
TROUBLE = (ArchiveError, lzma.LZMAError, zlib.error, EOFError, ValueError, KeyError, IndexError)


@kinds.unpacks(kinds.SEVEN_ZIP)
def unpack_seven_zip(data: bytes, name: str, into: Unpacking) -> Extract:
    """Every file of an archive; raises `ParseFailed` when it is locked, which is so as a whole."""
    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if archive.needs_password():
                raise ENCRYPTED.failure()
            entries = [entry for entry in archive.list() if not entry.is_directory]
            # Declared sizes are what the library unpacks at most.
            if sum(entry.uncompressed or 0 for entry in entries) > into.largest:
                raise TOO_MUCH.failure()
            if wanted := {entry.filename for entry in entries if is_wanted(entry, into)}:
                archive.extract(targets=wanted, factory=Taker(into))
    except PasswordRequired as error:
        raise ENCRYPTED.failure() from error
    except TROUBLE as error:
        raise DAMAGED.failure() from error
    return Extract("")


def is_wanted(entry: py7zr.FileInfo, into: Unpacking) -> bool:
    """Whether a file is to be unpacked; otherwise the reason is noted."""
    if not entry.is_file:
        into.refuse(entry.filename, NO_FILE, skipped=True)
    elif not is_inside(entry.filename):
        into.refuse(entry.filename, UNSAFE)
    elif not entry.uncompressed:
        into.refuse(entry.filename, EMPTY, skipped=True)
    else:
        return not is_leftover(entry.filename)
    return False


class Taker(WriterFactory):
    """Gives the library something to write each file to."""

    def __init__(self, into: Unpacking) -> None:
        self.into = into

    def create(self, filename: str) -> Py7zIO:
        """Where one file is to be written."""
        return Taken(filename, self.into)


class Taken(Py7zIO):
    """One file while it is unpacked, handed on when it is complete."""

    def __init__(self, path: str, into: Unpacking) -> None:
        self.path, self.into = path, into
        self.content = io.BytesIO()
        self.is_over = False

    def write(self, s: bytes | bytearray) -> int:
        """Keep a piece, unless the file is larger than any may be."""
        limit = self.into.limits.file_bytes
        if self.content.tell() <= limit:
            self.content.write(s)
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        """What was written."""
        return self.content.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; only its beginning is asked for, when the file is complete."""
        return self.content.seek(offset, whence)

    def flush(self) -> None:
        """Nothing: there is no file behind."""

    def size(self) -> int:
        """Bytes that were written."""
        return self.content.getbuffer().nbytes

    def close(self) -> None:
        """Hand the file on, once."""
        if not self.is_over:
            self.is_over = True
            self.into.add(self.path, [self.content.getvalue()])
            self.content = io.BytesIO()
