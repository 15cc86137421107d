"""JSON as model servers write it: nearly right."""

from __future__ import annotations

import json
import re
from typing import Any

# Reads control characters in strings and numbers that are none; orjson is strict about both.
LENIENT = json.JSONDecoder(strict=False)
HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


class UnreadableJson(Exception):
    """These bytes are no JSON, however kindly they are read."""


def read_leniently(data: bytes) -> Any:
    """The value of a text that a strict reader refuses; raises `UnreadableJson`.

    Bytes that are no UTF-8 cost only themselves. Strings may then hold half characters.
    """
    # Without a bracket at its end it is cut or no object, which is not worth a second look.
    if not data.rstrip().endswith((b"}", b"]")):
        raise UnreadableJson
    try:
        return LENIENT.decode(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise UnreadableJson from error


class HalfCharacters:
    """Puts characters together of which a server escaped each half in a piece of its own."""

    def __init__(self) -> None:
        self.first = ""

    def join(self, text: str) -> str:
        """The text with whole characters only; a half one at its end waits for the next piece."""
        text = self.first + text
        self.first = ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self.first = text[:-1], text[-1]
        return text if text.isascii() else whole_characters(text)


def whole_characters(text: str) -> str:
    """The text with halves joined where they meet, and replaced where they do not."""
    if not HALF_CHARACTER.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
