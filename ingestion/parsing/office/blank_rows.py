"""Rows of sheets that have formats and no values, of which programs write a million.

They are taken out of the markup before it is parsed: telling each cell takes fifty times as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 2**20
# Of one row; a longer one is passed on in pieces.
LONGEST_ROW = 4 * BLOCK

# Only rows and cells with numbers of their own: others count for the numbers of those behind them.
EXCEL = re.compile(
    rb"<(?P<x>(?:\w{1,8}:)?)row\s++r=\"\d++\"[^<>]*+"
    rb"(?:(?<=/)>|(?<!/)>\s*+(?:<(?P=x)c\s++r=\"\w++\"[^<>]*+(?<=/)>\s*+)*+</(?P=x)row>)"
)
OPEN = re.compile(
    rb"(?:<table:table-row(?=[\s/>])(?![^<>]*rows-repeated)[^<>]*+(?:(?<=/)>|(?<!/)>\s*+"
    rb"(?:<table:(?:covered-)?table-cell\b[^<>]*+(?<=/)>\s*+)*+</table:table-row>)\s*+){2,}+"
)
OPEN_ROW = b"<table:table-row"


@dataclass(slots=True)
class Rewritten:
    """A part as a stream, rewritten by whole rows."""

    stream: IO[bytes]
    # What each row has before its attributes.
    row: bytes
    rewrite: Callable[[bytes], bytes]
    rest: bytes = b""

    def read(self, size: int) -> bytes:
        """Some bytes, at the end none; how many is not up to `size`."""
        while block := self.stream.read(BLOCK):
            text = self.rest + block
            # Up to the last row that begins, which may go on in the next block.
            cut = text.rfind(b"<", 0, max(0, text.rfind(self.row)) + 1)
            if cut < 0 and len(text) > LONGEST_ROW:
                cut = len(text)
            self.rest = text[max(0, cut) :]
            if cut > 0 and (written := self.rewrite(text[:cut])):
                return written
        written, self.rest = self.rewrite(self.rest), b""
        return written


def without_blank_rows(stream: IO[bytes]) -> IO[bytes]:
    """A sheet of Excel without them."""
    return cast("IO[bytes]", Rewritten(stream, b"row ", lambda text: EXCEL.sub(b"", text)))


def with_blank_rows_joined(stream: IO[bytes]) -> IO[bytes]:
    """An OpenDocument spreadsheet in which one stands for all that follow each other."""
    return cast("IO[bytes]", Rewritten(stream, OPEN_ROW, lambda text: OPEN.sub(joined, text)))


def joined(rows: re.Match[bytes]) -> bytes:
    """One row that is repeated, for the numbers of those behind."""
    count = rows[0].count(OPEN_ROW)
    return b'<table:table-row table:number-rows-repeated="%d"/>' % count
