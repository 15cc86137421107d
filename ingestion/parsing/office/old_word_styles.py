"""Properties, styles and lists of Word files from before 2007 ([MS-DOC])."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing.office.counting import KINDS_BY_NUMBER
from ingestion.parsing.office.word_numbering import Level, Numbering

if TYPE_CHECKING:
    from collections.abc import Iterator

Properties = dict[int, bytes]
# Numbers of properties whose values tell their sizes in other ways than the rest.
TABLE, TABS = 0xD608, 0xC615
SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
VARIABLE = 6
LONGEST_TAIL = 255
HEADINGS, TITLE = range(1, 10), 62
DEEPEST_BASE = 12
OF_PARAGRAPHS = 1
EMPTY = 4
LEVELS = 9
LEVEL_SIZE, LIST_SIZE, USE_SIZE = 28, 28, 16
IS_LEGAL, STARTS_ANEW, HAS_LEVEL = 0x04, 0x10, 0x20
# In the text of a level, these stand for the numbers.
PLACES = {depth: f"%{depth + 1}" for depth in range(LEVELS)}


class Style(NamedTuple):
    """What holds for paragraphs of a style, with what it is based on."""

    heading: int = 0
    properties: Properties = {}


class StoredStyle(NamedTuple):
    """A style as it is stored: which of the built-in ones, its base, its own properties."""

    kind: int
    base: int
    properties: Properties


def properties_of(stored: bytes) -> Iterator[tuple[int, bytes]]:
    """Properties with their values."""
    at = 0
    while at + 2 < len(stored):
        (number,) = struct.unpack_from("<H", stored, at)
        at += 2
        kind = number >> 13
        if kind != VARIABLE:
            size = SIZES[kind]
        elif number == TABLE:
            size = int.from_bytes(stored[at : at + 2], "little") + 1
        elif number == TABS and stored[at] == LONGEST_TAIL:
            return
        else:
            size = stored[at] + 1
        yield number, stored[at : at + size]
        at += size


def read_styles(part: bytes) -> dict[int, Style]:
    """The styles by their numbers."""
    if not part:
        return {}
    size, _, head = struct.unpack_from("<3H", part)
    stored: dict[int, StoredStyle] = {}
    at, number = 2 + size, 0
    while at + 2 <= len(part):
        (length,) = struct.unpack_from("<H", part, at)
        if length > EMPTY:
            stored[number] = stored_style(part[at + 2 : at + 2 + length], head)
        at += 2 + length + length % 2
        number += 1
    return {number: with_base(number, stored) for number in stored}


def stored_style(entry: bytes, head: int) -> StoredStyle:
    """A style whose fixed part has so many bytes."""
    kind, base = struct.unpack_from("<HH", entry)
    own: Properties = {}
    if base & 0xF == OF_PARAGRAPHS:
        with suppress(struct.error, IndexError):
            name = struct.unpack_from("<H", entry, head)[0]
            at = head + 2 + 2 * name + 2
            size = struct.unpack_from("<H", entry, at)[0]
            own = dict(properties_of(entry[at + 4 : at + 2 + size]))
    return StoredStyle(kind & 0xFFF, base >> 4, own)


def with_base(number: int, styles: dict[int, StoredStyle]) -> Style:
    """A style with what it takes from those that it is based on."""
    heading, properties = 0, Properties()
    for _ in range(DEEPEST_BASE):
        if number not in styles:
            break
        kind, base, own = styles[number]
        level = kind if kind in HEADINGS else int(kind == TITLE)
        heading, properties = heading or level, own | properties
        number = base
    return Style(heading, properties)


def read_numbering(table: bytes, lists: tuple[int, int], uses: tuple[int, int]) -> Numbering:
    """The lists of a file, of which parts may be damaged; places and sizes in the table stream."""
    found = Numbering(None)
    with suppress(struct.error, IndexError):
        if lists[1] and uses[1]:
            take_lists(found, table, *lists)
            take_uses(found, table, uses[0])
    return found


def take_lists(found: Numbering, table: bytes, start: int, size: int) -> None:
    """Keep the lists; their levels stand behind all of them."""
    at = start + size
    for number in range(struct.unpack_from("<H", table, start)[0]):
        entry = start + 2 + LIST_SIZE * number
        (name,) = struct.unpack_from("<i", table, entry)
        is_simple = table[entry + 26] & 1
        levels = found.lists.setdefault(str(name), {})
        for depth in range(1 if is_simple else LEVELS):
            levels[depth], at = level_at(table, at)


def level_at(table: bytes, at: int) -> tuple[Level, int]:
    """The level at a place, and the place behind it."""
    first, kind, flags = struct.unpack_from("<iBB", table, at)
    at += LEVEL_SIZE + table[at + 24] + table[at + 25]
    (count,) = struct.unpack_from("<H", table, at)
    text = table[at + 2 : at + 2 + 2 * count].decode("utf-16-le", "replace")
    level = Level(
        KINDS_BY_NUMBER.get(kind, "decimal"), text.translate(PLACES), first, bool(flags & IS_LEGAL)
    )
    return level, at + 2 + 2 * count


def take_uses(found: Numbering, table: bytes, start: int) -> None:
    """Keep which list each number uses, and with which numbers it begins anew."""
    (count,) = struct.unpack_from("<I", table, start)
    at = start + 4 + USE_SIZE * count
    for number in range(count):
        name, changes = struct.unpack_from("<i8xB", table, start + 4 + USE_SIZE * number)
        found.numbers[str(number + 1)] = str(name)
        at += 4
        for _ in range(changes):
            first, flags = struct.unpack_from("<iI", table, at)
            at += 8
            if flags & HAS_LEVEL:
                level, at = level_at(table, at)
                first = level.start
            if flags & STARTS_ANEW:
                found.overrides.setdefault(str(number + 1), {})[flags & 0xF] = first
