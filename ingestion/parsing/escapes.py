"""Letters that a format writes by their numbers, as people would write them."""

from __future__ import annotations

import html
import re

# Ends with the line, so that a quote too many costs no more than that; without an end it is taken
# all the same, or every quote in it would be a beginning that is followed to the end.
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+"?+')
HEX = "[0-9a-fA-F]"
PAIR = rf"\\u([dD][89abAB]{HEX}{{2}})\\u([dD][c-fC-F]{HEX}{{2}})"
ESCAPE = re.compile(rf"{PAIR}|\\u({HEX}{{4}})|\\U({HEX}{{8}})|\\x({HEX}{{2}})|\\(.)", re.S)
# A string of JSON, or an escape outside of one, as JSON with comments and single quotes has it.
STRING_OR_ESCAPE = re.compile(rf'"(?:[^"\\\n]|\\.)*+"?+|{PAIR}|\\u({HEX}{{4}})')
MEANT = {"n": "\n", "t": "\t", "r": "", "b": " ", "f": " "}
LETTERS = set('"\\/')
REFERENCE = re.compile(r"&(?:#[0-9]{1,8}|#x[0-9a-f]{1,7}|[a-z][a-z0-9]{1,31});", re.I)
MARKUP = {"<", ">"}
LOST = "\ufffd"


def unescaped_json(text: str) -> str:
    """JSON with its strings as they are meant: line ends are line ends, letters are letters."""
    if "\\" not in text:
        return text
    return STRING_OR_ESCAPE.sub(lambda found: unescaped(found[0]), text)


def unescaped(string: str) -> str:
    """A piece of JSON without escapes."""
    return ESCAPE.sub(meaning, string) if "\\" in string else string


def unescaped_strings(text: str) -> str:
    """YAML or TOML with the letters that strings in double quotes name by number."""
    return STRING.sub(lambda found: unescaped_letters(found[0]), text) if "\\" in text else text


def unescaped_letters(text: str) -> str:
    """A text with the letters it names by number; other escapes stay."""
    return ESCAPE.sub(lambda found: found[0] if found[6] else meaning(found), text)


def unescaped_references(text: str) -> str:
    """XML with the characters it refers to, except what would look like its tags."""
    return REFERENCE.sub(referred, text) if "&" in text else text


def referred(found: re.Match[str]) -> str:
    """The character of a reference."""
    char = html.unescape(found[0])
    return found[0] if char in MARKUP else storable(char)


def meaning(found: re.Match[str]) -> str:
    """The character of an escape."""
    high, low, *numbers, other = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    number = next(filter(None, numbers), "")
    if number:
        return storable(chr(int(number, 16))) if int(number, 16) <= 0x10FFFF else LOST  # noqa: PLR2004
    return MEANT.get(other, other if other in LETTERS else found[0])


def storable(char: str) -> str:
    """A character, unless it is half of one or none that any text has."""
    is_text = char in "\t\n" or (char >= " " and not "\ud800" <= char[:1] <= "\udfff")
    return char if is_text else LOST
