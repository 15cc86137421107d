"""Records of Excel's binary parts ([MS-XLSB] 2.1.4): a number, a length, and so many bytes."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from ingestion.parsing.unpacking import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Iterator

    Record = tuple[int, bytes]

BLOCK = 2**20
# A cell has 32,767 letters at most: a longer record is no cell, and is passed over.
LONGEST = 2**18
MOST_BYTES_OF_NUMBER, MOST_BYTES_OF_SIZE = 2, 4
MORE_FOLLOWS = 0x80
# Cells with a format and without a value, of which programs write a million.
BLANKS = re.compile(rb"(?:\x01\x08.{8}){2,}+", re.S)
BLANK_SIZE = 10


def records_of(stream: IO[bytes]) -> Iterator[Record]:
    """The records of a part, of empty cells beside each other the last.

    Raises `ParseFailed` when it is damaged.
    """
    try:
        yield from records_in(stream)
    except (IndexError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DAMAGED.failure() from error


def records_in(stream: IO[bytes]) -> Iterator[Record]:
    """The same, with the library's exceptions; `IndexError` for one that was cut off."""
    data, at, is_end = b"", 0, False
    while not is_end or at < len(data):
        if not is_end and len(data) - at < 2 * LONGEST:
            block = stream.read(BLOCK)
            data, at, is_end = data[at:] + block, max(0, at - len(data)), not block
            continue
        if blanks := BLANKS.match(data, at):
            at = blanks.end() - BLANK_SIZE
        kind, at = number_at(data, at, MOST_BYTES_OF_NUMBER)
        size, at = number_at(data, at, MOST_BYTES_OF_SIZE)
        if size <= LONGEST:
            if at + size > len(data):
                raise IndexError
            yield kind, data[at : at + size]
        at += size


def number_at(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    number = 0
    for place in range(most):
        byte = data[at + place]
        number |= (byte & ~MORE_FOLLOWS) << 7 * place
        if byte < MORE_FOLLOWS:
            break
    return number, at + place + 1


def blocks_of(stream: IO[bytes], overlap: int) -> Iterator[bytes]:
    """A part in blocks to search, none of which cuts what is no longer than `overlap`."""
    rest = b""
    try:
        while block := stream.read(BLOCK):
            yield rest + block
            rest = block[-overlap:]
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DAMAGED.failure() from error
