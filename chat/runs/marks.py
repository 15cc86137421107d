"""Finding the `[n]` of an answer while it grows; what stands in code, or is a link, is none."""

from __future__ import annotations

import re
from typing import NamedTuple

# Besides `[7]` models write `[7, 8]`, `[7-9]`, `[^7]`, `【7】` and `【7†source】`.
NUMBERS = r" ?\^?\d{1,3}(?: ?[,;\-\u2013] ?\^?\d{1,3}){0,15} ?"
WRITTEN_MARK = re.compile(rf"[\[\uff3b]({NUMBERS})[\]\uff3d]|【(\d{{1,3}})(?:†[^】\n]{{0,40}})?】")
# What the end of a piece may be the beginning of.
PARTIAL = re.compile(r"[\[\uff3b][ ^\d,;\-\u2013]{0,80}|【(?:\d{1,3}†[^】\n]{0,40}|\d{0,3})")
RANGE = re.compile(r"(\d+) ?[-\u2013] ?\^?(\d+)")
WIDEST_RANGE = 10
# How much is looked at to tell what something is, or held back; a lonely backtick, say.
LONGEST_HELD = 200
# What may begin something else than text, and line feeds, behind which fences begin.
SPECIAL = re.compile(rf"`{{1,{LONGEST_HELD}}}|~{{1,{LONGEST_HELD}}}|\n|[\[\uff3b【]")
# What may stand before a fence: indentation, signs of quotes and of list items.
MARGIN = re.compile(r"[ \t>*+\-\d.)]*")
SHORTEST_FENCE = 3
BLANK_LINE = re.compile(r"\n[ \t]*\n")


class Piece(NamedTuple):
    """A part of an answer; with numbers it is a mark."""

    text: str
    numbers: tuple[int, ...] = ()


class MarkReader:
    """Takes an answer in pieces and says which parts of it are marks.

    A text is taken apart in the same way wherever it was cut. `held` is what may still become
    a mark or turn out to be code; it is short.
    """

    def __init__(self) -> None:
        self.held = ""
        # The run of signs that began the fenced code which has not ended.
        self.fence = ""
        # Whether nothing but a margin stands on the line so far.
        self.is_margin = True

    def feed(self, piece: str) -> list[Piece]:
        """What is certain now; called for every token."""
        if not self.held and SPECIAL.search(piece) is None:
            self.pass_by(piece)
            return [Piece(piece)]
        return self.read(self.held + piece, is_end=False)

    def finish(self) -> list[Piece]:
        """What was held back, as the text has ended here."""
        return self.read(self.held, is_end=True) if self.held else []

    def pass_by(self, text: str) -> None:
        """Note text that has no line feed."""
        self.is_margin = self.is_margin and MARGIN.fullmatch(text) is not None

    def read(self, text: str, *, is_end: bool) -> list[Piece]:
        """Take apart as much of a text as is certain, and hold back the rest."""
        pieces, plain, position = list[Piece](), list[str](), 0
        self.held = ""
        while position < len(text):
            found = SPECIAL.search(text, position)
            start = len(text) if found is None else found.start()
            if start > position:
                plain.append(text[position:start])
                self.pass_by(plain[-1])
            if found is None:
                break
            taken = self.take(text, found, is_end=is_end)
            if taken is None:
                self.held = text[start:]
                break
            position = start + len(taken.text)
            if taken.numbers:
                pieces += [Piece("".join(plain)), taken]
                plain.clear()
            else:
                plain.append(taken.text)
        return [piece for piece in [*pieces, Piece("".join(plain))] if piece.text]

    def take(self, text: str, found: re.Match[str], *, is_end: bool) -> Piece | None:
        """What begins with a special sign; None while that is not certain."""
        sign = found[0]
        if sign == "\n":
            self.is_margin = True
            return Piece(sign)
        is_growing = found.end() == len(text) and sign[0] in "`~" and not is_end
        if is_growing and len(sign) < LONGEST_HELD:
            return None
        if self.fence:
            taken = self.take_in_fence(text, found, is_end=is_end)
        elif sign[0] in "`~":
            taken = self.take_code(text, found, is_end=is_end)
        else:
            taken = take_mark(text, found.start(), is_end=is_end)
        if taken is not None:
            self.is_margin = False
        return taken

    def take_in_fence(self, text: str, found: re.Match[str], *, is_end: bool) -> Piece | None:
        """A sign inside of fenced code, which its own kind on a line of its own ends."""
        sign = found[0]
        if not (self.is_margin and sign.startswith(self.fence)):
            return Piece(sign)
        line, is_whole = rest_of_line(text, found.end())
        if not is_whole and not line.strip() and not is_end and len(line) < LONGEST_HELD:
            return None
        if not line.strip():
            self.fence = ""
        return Piece(sign + line)

    def take_code(self, text: str, found: re.Match[str], *, is_end: bool) -> Piece | None:
        """The beginning of fenced code, or code inside of a line, or signs that begin neither."""
        sign = found[0]
        if len(sign) >= SHORTEST_FENCE and self.is_margin:
            line, is_whole = rest_of_line(text, found.end())
            if sign[0] == "~" or "`" not in line:
                if not is_whole and not is_end and len(line) < LONGEST_HELD:
                    return None
                self.fence = sign
                return Piece(sign + line)
        return Piece(sign) if sign[0] == "~" else take_span(text, found, is_end=is_end)


def take_span(text: str, found: re.Match[str], *, is_end: bool) -> Piece | None:
    """Code inside of a paragraph, up to as many backticks; only these when it has no end."""
    start, sign = found.start(), found[0]
    reach = text[found.end() : start + LONGEST_HELD]
    paragraph = BLANK_LINE.split(reach, maxsplit=1)[0]
    closing = re.search(rf"(?<!`){sign}(?!`)", paragraph)
    is_held = not is_end and found.end() + len(paragraph) == len(text) < start + LONGEST_HELD
    if closing is not None and not (closing.end() == len(paragraph) and is_held):
        return Piece(text[start : found.end() + closing.end()])
    return None if is_held else Piece(sign)


def take_mark(text: str, start: int, *, is_end: bool) -> Piece | None:
    """A mark, or the bracket that begins none; None while that is not certain."""
    found = WRITTEN_MARK.match(text, start)
    if found is None:
        partial = PARTIAL.match(text, start)
        is_open = partial is not None and partial.end() == len(text) and not is_end
        return None if is_open else Piece(text[start])
    if found.end() == len(text) and not is_end:
        return None
    # The words of a link are its own.
    numbers = () if text.startswith("(", found.end()) else numbers_of(found[1] or found[2])
    return Piece(found[0] if numbers else text[start], numbers)


def rest_of_line(text: str, start: int) -> tuple[str, bool]:
    """What follows on a line, up to LONGEST_HELD signs, and whether that is all of it."""
    reach = text[start : start + LONGEST_HELD]
    line, feed, _ = reach.partition("\n")
    return line, bool(feed)


def numbers_of(inside: str) -> tuple[int, ...]:
    """The numbers of a mark, each once; none of a range that is no list of passages."""
    found: list[int] = []
    for part in re.split("[,;]", inside):
        if span := RANGE.search(part):
            first, last = int(span[1]), int(span[2])
            if not first < last <= first + WIDEST_RANGE:
                return ()
            found += range(first, last + 1)
        else:
            found.append(int(part.replace("^", "")))
    return tuple(dict.fromkeys(found))


def read_marks(text: str) -> list[Piece]:
    """A whole text, taken apart."""
    reader = MarkReader()
    return [*reader.feed(text), *reader.finish()]
