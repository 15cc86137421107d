"""The signs of a number format, told apart once."""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_NAMES = ("AM/PM", "A/P", "上午/下午", "午前/午後", "오전/오후")
DATE_LETTERS = "ymdhsegb"
DIGITS = "0#?"


@dataclass(frozen=True, slots=True)
class Token:
    """A sign: what kind it is of, and its text.

    Kinds are `text`, `digit`, `date`, `clock`, `elapsed`, `bracket`, `@`, `general`, and the signs
    `.`, `,`, `%`, `/` and `E` themselves.
    """

    kind: str
    text: str


def sections_of(code: str) -> list[list[Token]]:
    """The signs of each section of a format."""
    found: list[list[Token]] = [[]]
    for token in tokens_of(code):
        if token.kind == ";":
            found.append([])
        else:
            found[-1].append(token)
    return found


def tokens_of(code: str) -> list[Token]:
    """All signs in order."""
    found: list[Token] = []
    place = 0
    while place < len(code):
        token, place = next_token(code, place)
        if token:
            found.append(token)
    return found


def next_token(code: str, place: int) -> tuple[Token | None, int]:
    """The sign at a place, none for what is not shown, and where the next begins."""
    sign = code[place]
    if sign in '"[':
        end = code.find('"' if sign == '"' else "]", place + 1)
        end = len(code) if end < 0 else end
        inner = code[place + 1 : end]
        return (Token("text", inner) if sign == '"' else bracket(inner)), end + 1
    if sign in "\\_*":
        following = code[place + 1 : place + 2]
        shown = {"\\": following, "_": " ", "*": ""}[sign]
        return (Token("text", shown) if shown else None), place + 2
    return word(code, place)


def word(code: str, place: int) -> tuple[Token, int]:
    """A sign, or a run of the same letter, that is not marked as text."""
    sign = code[place]
    for name in CLOCK_NAMES:
        if code[place : place + len(name)].upper() == name:
            return Token("clock", code[place : place + len(name)]), place + len(name)
    if code[place : place + 7].lower() == "general":
        return Token("general", ""), place + 7
    if sign in "Ee" and code[place + 1 : place + 2] in {"+", "-"}:
        return Token("E", code[place + 1]), place + 2
    if sign.lower() in DATE_LETTERS:
        end = place
        while end < len(code) and code[end].lower() == sign.lower():
            end += 1
        return Token("date", code[place:end].lower()), end
    if sign in DIGITS:
        return Token("digit", sign), place + 1
    kind = sign if sign in ".,%/@;" else "text"
    return Token(kind, sign), place + 1


def bracket(inner: str) -> Token:
    """What stands in brackets: an elapsed time, a currency, or something for the program."""
    letters = inner.lower()
    if letters and letters[0] in "hms" and not letters.strip(letters[0]):
        return Token("elapsed", letters)
    return Token("bracket", inner)
