"""What a signature wraps: files called `.p7m`, and messages of S/MIME (RFC 5652, RFC 8551)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing import kinds
from ingestion.parsing.refusing import refusal
from ingestion.parsing.signatures import SIGNED_DATA, without_armour
from ingestion.parsing.types import Extract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.unpacking import Unpacking

TYPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
ENDING = ".p7m"
SEQUENCE, WRAPPED, OCTETS_IN_PARTS = 0x30, 0xA0, 0x24
LONG, IS_LONG, IS_MADE_OF_PARTS = 0x7F, 0x80, 0x20
DEEPEST = 12


class Element(NamedTuple):
    """A value of BER: its tag, where its content begins and ends, where the next one begins."""

    tag: int
    start: int
    end: int
    after: int


@kinds.unpacks(kinds.SIGNED)
def unpack_signed(data: bytes, name: str, into: Unpacking) -> Extract:
    """The file that was signed; raises `ParseFailed` when only its signature is there."""
    content = signed_content(data)
    if not content:
        raise refusal("a signature without what was signed")
    inner = name[: -len(ENDING)] if name.lower().endswith(ENDING) else name
    into.add(inner, [content])
    return Extract("")


def signed_content(data: bytes) -> bytes:
    """The message that a signature wraps; empty when it is none, encrypted or damaged."""
    try:
        data = without_armour(data)
        outer = element_at(data, 0)
        kind, wrapped = list(elements(data, outer))[:2]
        if outer.tag != SEQUENCE or data[kind.start : kind.end] != SIGNED_DATA:
            return b""
        body = next(elements(data, wrapped))
        content = next(one for one in elements(data, body) if one.tag == SEQUENCE)
        wrapping = next(one for one in elements(data, content) if one.tag == WRAPPED)
        return b"".join(octets(data, next(elements(data, wrapping))))
    except (IndexError, ValueError, StopIteration, RecursionError):
        return b""


def octets(data: bytes, element: Element) -> Iterator[bytes]:
    """The bytes of a value, which may come in parts."""
    if element.tag == OCTETS_IN_PARTS:
        for part in elements(data, element):
            yield from octets(data, part)
    else:
        yield data[element.start : element.end]


def elements(data: bytes, element: Element) -> Iterator[Element]:
    """The values in a value."""
    at = element.start
    while at < element.end:
        found = element_at(data, at)
        yield found
        at = found.after


def element_at(data: bytes, at: int, depth: int = 0) -> Element:
    """The value at a place; raises `IndexError` or `ValueError` when there is none."""
    tag, length, start = data[at], data[at + 1], at + 2
    if depth > DEEPEST:
        raise ValueError
    if length == IS_LONG and tag & IS_MADE_OF_PARTS:
        # Without a length, it ends with two zeros behind its last part.
        end = start
        while data[end : end + 2] != b"\0\0":
            end = element_at(data, end, depth + 1).after
        return Element(tag, start, end, end + 2)
    if length & IS_LONG:
        size = length & LONG
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise ValueError
    return Element(tag, start, start + length, start + length)
