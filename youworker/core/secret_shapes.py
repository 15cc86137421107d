"""How a key may stand in what a server says of it: escaped, in base64, or as hex digits."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

# Encoded, shorter values may stand in any text.
SHORTEST_KEY = 8
# Base64 writes groups of three bytes; addresses have an alphabet of their own (RFC 4648).
BYTES_OF_GROUP = 3
URL_SAFE = str.maketrans("+/", "-_")
ESCAPED = re.compile("%[0-9A-F]{2}")


def shapes_of(value: str) -> Iterator[str]:
    """The ways in which a value may stand in a text: escaped, and in base64 or as hex digits."""
    yield from (value, python_text(value), json_text(value))
    # Python escapes what is not ASCII, and PHP slashes as well.
    yield (escaped := json.dumps(value)[1:-1])
    yield escaped.replace("/", r"\/")
    yield from url_texts(value)
    encoded = value.encode()
    if len(encoded) >= SHORTEST_KEY:
        for between in ("", " ", ":"):
            yield from (digits := encoded.hex(*between), digits.upper())
        yield from base64_texts(encoded)


def python_text(value: str) -> str:
    """As Python writes it between quotes."""
    return repr(value)[1:-1]


def json_text(value: str) -> str:
    """As JSON writes it between quotes."""
    return orjson.dumps(value).decode()[1:-1]


def url_texts(value: str) -> Iterator[str]:
    """As it stands in an address or a form, with digits of either case."""
    for text in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield text
        yield ESCAPED.sub(lambda found: found[0].lower(), text)


def base64_texts(value: bytes) -> Iterator[str]:
    """What a value makes in base64 whatever stands before and behind it, in both alphabets."""
    for before in range(BYTES_OF_GROUP):
        first, end = (-(-before * 8 // 6), (before + len(value)) * 8 // 6)
        text = b64encode(bytes(before) + value).decode()[first:end]
        yield text
        yield text.translate(URL_SAFE)
