"""What a Word file from before 2007 is made of: text, paragraphs, styles ([MS-DOC])."""

from __future__ import annotations

import bisect
import io
import itertools
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import olefile

from ingestion.parsing.office.old_word_styles import (
    TABLE,
    Properties,
    Style,
    properties_of,
    read_numbering,
    read_styles,
)
from ingestion.parsing.unpacking import ENCRYPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.office.word_numbering import Numbering

# Word 6 and 95 begin alike as far as their flags.
WORD_95, WORD_97, OLDEST = 0xA5DC, 0xA5EC, 0xC1
IS_ENCRYPTED, IN_FIRST_TABLE = 0x0100, 0x0200
# Numbers of pairs of an offset and a size in the head of the file.
STYLES, NOTE_PLACES, NOTES, COMMENT_PLACES, COMMENTS = 1, 2, 3, 4, 5
CHARACTERS, PARAGRAPHS, PIECES, AUTHORS, ENDNOTE_PLACES, ENDNOTES = 12, 13, 33, 36, 46, 47
LISTS, LIST_USES = 73, 74
PAGE = 512
COMPRESSED = 0x40000000
# Properties, by their numbers.
IS_DELETED, IS_HIDDEN = 0x0800, 0x083C
IN_TABLE, ENDS_ROW, DEPTH = 0x2416, 0x2417, 0x6649
ENDS_INNER_CELL, ENDS_INNER_ROW = 0x244B, 0x244C
IN_LIST, LIST_DEPTH = 0x460B, 0x260A
CELL_SIZE = 20
CONTINUES_ABOVE = 1
# From here on, a paragraph was taken out of its list.
NO_LIST = 0x7FFF
ENDS = "\r\x07\x0c"
FIELD_BEGIN, FIELD_MIDDLE, FIELD_END = "\x13\x14\x15"
BOUNDARIES = frozenset(ENDS + FIELD_BEGIN + FIELD_MIDDLE + FIELD_END)
# Stands for what was deleted or is hidden, so that offsets stay.
NOTHING = "\x00"


class Run(NamedTuple):
    """Text between two bytes of the file, its style and its properties."""

    start: int
    end: int
    style: int
    properties: bytes


class Piece(NamedTuple):
    """A stretch of the text, by its letters, and the byte where it stands."""

    start: int
    end: int
    byte: int
    width: int


@dataclass(frozen=True, slots=True)
class Format:
    """What holds for a paragraph; `continued` are cells of its row that go on from above."""

    heading: int = 0
    depth: int = 0
    ends_row: bool = False
    ends_inner_cell: bool = False
    ends_inner_row: bool = False
    continued: frozenset[int] = frozenset()
    list_number: str = ""
    list_depth: int = 0


@dataclass(slots=True)
class WordFile:
    """The text of all stories, one after the other, and how its paragraphs are formatted."""

    text: str
    lengths: list[int]
    pieces: list[Piece]
    runs: list[Run]
    styles: dict[int, Style]
    numbering: Numbering
    places: dict[int, list[int]] = field(default_factory=dict)
    comment_authors: list[str] = field(default_factory=list)
    title: str = ""

    def format_at(self, place: int) -> Format:
        """The format of the paragraph whose end stands at a place of the text."""
        at = bisect.bisect_right(self.pieces, place, key=lambda piece: piece.start) - 1
        byte = self.pieces[at].byte + (place - self.pieces[at].start) * self.pieces[at].width
        found = bisect.bisect_right(self.runs, byte, key=lambda run: run.start) - 1
        if found < 0 or byte >= self.runs[found].end:
            return Format()
        run = self.runs[found]
        style = self.styles.get(run.style, Style())
        return format_of(style.properties | dict(properties_of(run.properties)), style.heading)


def read_word_file(data: bytes) -> WordFile | None:
    """The parts of a file; none when it is older than Word 97. Raises `ParseFailed`.

    Damaged files raise `struct.error`, `IndexError` or whatever their container does.
    """
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        main = ole.openstream("WordDocument").read()
        kind, version = struct.unpack_from("<HH", main)
        (flags,) = struct.unpack_from("<H", main, 10)
        if kind in {WORD_95, WORD_97} and flags & IS_ENCRYPTED:
            raise ENCRYPTED.failure()
        if kind != WORD_97 or version < OLDEST:
            return None
        table = ole.openstream("1Table" if flags & IN_FIRST_TABLE else "0Table").read()
        title = title_of(ole)
    return Parts(main, table).whole(title)


def title_of(ole: Any) -> str:
    """The title that the file carries."""
    if not ole.exists("\x05SummaryInformation"):
        return ""
    found = ole.getproperties("\x05SummaryInformation")
    title, page = found.get(2, b""), found.get(1, 1252) & 0xFFFF
    if isinstance(title, str):
        return title
    name = "utf-8" if page == 65001 else f"cp{page}"  # noqa: PLR2004 -- Windows' number for it
    try:
        return str(title.decode(name, "replace")).strip("\0 ")
    except LookupError:
        return ""


class Parts:
    """The two streams of a file, and what its head says about them."""

    def __init__(self, main: bytes, table: bytes) -> None:
        self.main, self.table = main, table
        words = 34 + struct.unpack_from("<H", main, 32)[0] * 2
        self.longs = words + 2
        self.pairs = self.longs + struct.unpack_from("<H", main, words)[0] * 4 + 2

    def part(self, number: int) -> bytes:
        """A part of the table stream."""
        start, size = self.place(number)
        return self.table[start : start + size]

    def place(self, number: int) -> tuple[int, int]:
        """Where a part of the table stream begins, and its size."""
        start, size = struct.unpack_from("<II", self.main, self.pairs + 8 * number)
        return start, size

    def whole(self, title: str) -> WordFile:
        """The text with all that is known of it."""
        # Main text, footnotes, heads and feet, macros, comments, endnotes, two of text boxes.
        lengths = list(struct.unpack_from("<8i", self.main, self.longs + 12))
        pieces = pieces_of(self.part(PIECES))
        signs = list("".join(self.text_of(piece) for piece in pieces))
        for run in self.runs(CHARACTERS):
            found = dict(properties_of(run.properties))
            if is_set(found, IS_DELETED) or is_set(found, IS_HIDDEN):
                hide(signs, pieces, run)
        hide_instructions(signs)
        places = {
            number: [cp for cp, _ in entries_of(self.part(number), size)]
            for number, size in ((NOTE_PLACES, 2), (ENDNOTE_PLACES, 2), (COMMENT_PLACES, 30))
        }
        places |= {number: starts_of(self.part(number)) for number in (NOTES, ENDNOTES, COMMENTS)}
        return WordFile(
            "".join(signs),
            lengths,
            pieces,
            sorted(self.runs(PARAGRAPHS)),
            read_styles(self.part(STYLES)),
            read_numbering(self.table, self.place(LISTS), self.place(LIST_USES)),
            places,
            self.comment_authors(),
            title,
        )

    def text_of(self, piece: Piece) -> str:
        """The text of a piece, as many characters as it counts."""
        count = piece.end - piece.start
        stored = self.main[piece.byte : piece.byte + count * piece.width]
        if len(stored) < count * piece.width:
            raise struct.error
        if piece.width == 1:
            return stored.decode("cp1252", "replace")
        # A character beyond the first plane counts as two.
        return "".join(chr(unit) for (unit,) in struct.iter_unpack("<H", stored))

    def runs(self, number: int) -> Iterator[Run]:
        """The runs of characters or paragraphs, page of them by page."""
        for _, entry in entries_of(self.part(number), 4):
            start = (int.from_bytes(entry, "little") & 0x3FFFFF) * PAGE
            page = self.main[start : start + PAGE]
            if len(page) == PAGE:
                yield from runs_of_page(page, of_paragraphs=number == PARAGRAPHS)

    def comment_authors(self) -> list[str]:
        """Who made each comment."""
        names, stored, at = [], self.part(AUTHORS), 0
        while at + 2 <= len(stored):
            size = struct.unpack_from("<H", stored, at)[0] * 2
            names.append(stored[at + 2 : at + 2 + size].decode("utf-16-le", "replace"))
            at += 2 + size
        numbers = [
            struct.unpack_from("<H", entry, 20)[0]
            for _, entry in entries_of(self.part(COMMENT_PLACES), 30)
        ]
        return [names[number] if number < len(names) else "" for number in numbers]


def entries_of(part: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """The entries of a list, each with the place where what it describes begins."""
    count = max(0, len(part) - 4) // (4 + size)
    for number in range(count):
        entry = 4 * (count + 1) + size * number
        yield struct.unpack_from("<I", part, 4 * number)[0], part[entry : entry + size]


def starts_of(part: bytes) -> list[int]:
    """Where the texts of a list begin; the last one ends where the one after would."""
    return [start for (start,) in struct.iter_unpack("<I", part[: len(part) & ~3])]


def pieces_of(part: bytes) -> list[Piece]:
    """The pieces of the text in order, behind changes of their properties."""
    at = 0
    while part[at : at + 1] == b"\x01":
        at += 3 + struct.unpack_from("<H", part, at + 1)[0]
    listed = part[at + 5 :]
    starts = starts_of(listed[: 4 * (len(listed) // 12 + 1)])
    found = []
    for (start, entry), end in zip(entries_of(listed, 8), starts[1:], strict=True):
        (byte,) = struct.unpack_from("<I", entry, 2)
        is_narrow = bool(byte & COMPRESSED)
        byte = (byte & (COMPRESSED - 1)) // (2 if is_narrow else 1)
        found.append(Piece(start, end, byte, 1 if is_narrow else 2))
    return found


def runs_of_page(page: bytes, *, of_paragraphs: bool) -> Iterator[Run]:
    """The runs that one page of formats describes."""
    count, step = page[-1], 13 if of_paragraphs else 1
    bounds = struct.unpack_from(f"<{count + 1}I", page)
    for number, (start, end) in enumerate(itertools.pairwise(bounds)):
        at = page[4 * (count + 1) + step * number] * 2
        if of_paragraphs:
            size = page[at] * 2 - 1 if page[at] else page[at + 1] * 2
            at += 1 if page[at] else 2
            style = struct.unpack_from("<H", page, at)[0]
            yield Run(start, end, style, page[at + 2 : at + size])
        elif at:
            yield Run(start, end, 0, page[at + 1 : at + 1 + page[at]])


def is_set(properties: Properties, number: int) -> bool:
    """Whether a property is switched on."""
    return properties.get(number, b"\0")[:1] not in {b"\0", b""}


def hide(signs: list[str], pieces: list[Piece], run: Run) -> None:
    """Take out the characters of a run, but for ends of paragraphs and cells."""
    for piece in pieces:
        first = piece.start + max(0, (run.start - piece.byte) // piece.width)
        last = min(piece.end, piece.start + (run.end - piece.byte) // piece.width)
        for place in range(first, last):
            if signs[place] not in ENDS:
                signs[place] = NOTHING


def hide_instructions(signs: list[str]) -> None:
    """Take out what fields are told; of one that is never closed, no more than its paragraph."""
    codes: list[bool] = []
    begin = 0
    for place, sign in enumerate(signs):
        if sign not in BOUNDARIES:
            continue
        if any(codes):
            signs[begin:place] = NOTHING * (place - begin)
        begin = place
        if sign == FIELD_BEGIN:
            codes.append(True)
        elif sign == FIELD_MIDDLE and codes:
            codes[-1] = False
        elif sign == FIELD_END and codes:
            codes.pop()
        elif sign in ENDS:
            codes = [code for code in codes if not code]


def format_of(properties: Properties, heading: int) -> Format:
    """The format that properties make."""
    number = int.from_bytes(properties.get(IN_LIST, b""), "little")
    depth = int.from_bytes(properties.get(DEPTH, b""), "little")
    return Format(
        heading,
        max(depth, int(is_set(properties, IN_TABLE))),
        is_set(properties, ENDS_ROW),
        is_set(properties, ENDS_INNER_CELL),
        is_set(properties, ENDS_INNER_ROW),
        continued_cells(properties.get(TABLE, b"")),
        str(number) if 0 < number < NO_LIST else "",
        int.from_bytes(properties.get(LIST_DEPTH, b""), "little"),
    )


def continued_cells(stored: bytes) -> frozenset[int]:
    """The cells of a row that are merged with those above."""
    count = stored[2] if len(stored) > 2 else 0  # noqa: PLR2004 -- behind its size
    first = 3 + 2 * (count + 1)
    cells = (stored[first + CELL_SIZE * number :][:2] for number in range(count))
    return frozenset(
        number
        for number, cell in enumerate(cells)
        if int.from_bytes(cell, "little") >> 5 & 3 == CONTINUES_ABOVE
    )
