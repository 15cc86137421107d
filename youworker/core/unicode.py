"""Unicode: the one form in which names are kept, and texts compared without accents and case."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What no reader sees: controls, joiners, marks of direction, soft hyphens, variation selectors
# and the fillers of Hangul (Unicode's Default_Ignorable_Code_Point).
UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
INVISIBLE = re.compile(f"[{UNSEEN}]")
VISIBLE = re.compile(rf"[^\s{UNSEEN}]")
# Joiners that change what is seen: in Persian and Indic words (RFC 5892, A.1), and in emoji.
VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
IN_NAMES = re.compile(
    rf"(?P<seen>(?<=[\u0620-\u074a\u0750-\u077f\u08a0-\u08c9{VIRAMAS}])[\u200c\u200d](?=\w)"
    rf"|(?<=[{EMOJI}\ufe0f])\u200d(?=[{EMOJI}])|(?<=[{EMOJI}])\ufe0f)|[{UNSEEN}]"
)

# Accents, Hebrew points and Arabic vowels. Not those that make a letter another one: й, ї, ў, ќ.
ACCENTS = (
    "\u0300\u0302-\u0305\u0307\u0309-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4"
    "\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
ACCENT = re.compile(
    rf"[{ACCENTS}\u0640]|(?<![\u0433\u043a])\u0301|(?<![\u0400-\u04ff])\u0306|(?<!\u0456)\u0308"
)
FOREIGN = re.compile(r"[^\x00-\x7f]+")
# About a word.
FEW_LETTERS = 16
FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
# Letters that Unicode does not take apart, as people write them who have no key for them.
SINGLE_LETTERS = str.maketrans(
    {
        "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i",
        "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ə": "e", "ƒ": "f", "ɖ": "d", "ɓ": "b", "ɗ": "d",
        "ƙ": "k", "ƴ": "y",
        # Arabic letters that differ by keyboard or habit.
        "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647",
        "\u06c1": "\u0647", "\u0671": "\u0627",
    }
)  # fmt: skip
# The other way to write some letters without a key for them: Mueller, Aarhus, Groenland.
TRANSCRIPTION = {
    "ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe",
    "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe",
}  # fmt: skip
TWO_LETTERS = re.compile("[" + "".join(TRANSCRIPTION) + "]")


def members(characters: str) -> frozenset[str]:
    """The characters that a class of a pattern (`a-z0`) names."""
    found: set[str] = set()
    for first, last in re.findall("(.)(?:-(.))?", characters, re.DOTALL):
        found.update(map(chr, range(ord(first), ord(last or first) + 1)))
    return frozenset(found)


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing of a text."""
    return VISIBLE.search(text) is None


def clean_name(text: str) -> str:
    """A name as it is kept and shown: composed (NFC), with single blanks and nothing invisible."""
    visible = IN_NAMES.sub(lambda found: found["seen"] or "", text)
    return " ".join(unicodedata.normalize("NFC", visible).split())


def clean_username(text: str) -> str:
    """The name somebody signs in with as it is kept and compared (NFKC), case and all."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


def name_key(text: str) -> str:
    """What names are compared by where case does not matter; equal for one name's spellings."""
    return INVISIBLE.sub("", clean_name(text)).casefold()


def fold(text: str) -> str:
    """A text without case, accents, ligatures and other variants of its letters and digits."""
    if text.isascii():
        return text.lower()
    # In most texts these are a few letters and quotation marks, again and again.
    return FOREIGN.sub(lambda found: fold_foreign(found[0]), text.lower())


def fold_foreign(letters: str) -> str:
    """As `fold`, for a stretch without ASCII; what is before and behind it makes no difference."""
    few = len(letters) <= FEW_LETTERS
    return fold_few_letters(letters) if few else fold_letters(letters)


@lru_cache(maxsize=4096)
def fold_few_letters(letters: str) -> str:
    """The same of a short stretch, which comes again."""
    return fold_letters(letters)


def fold_letters(letters: str) -> str:
    """The same, letter by letter."""
    bare = ACCENT.sub("", unicodedata.normalize("NFKD", letters).casefold())
    digits = FOREIGN_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), bare)
    return unicodedata.normalize("NFC", digits.translate(SINGLE_LETTERS))


def transcribed(text: str) -> str:
    """A text (NFC) as people write it who have no key for its letters: Mueller, Aarhus."""
    return TWO_LETTERS.sub(lambda found: TRANSCRIPTION[found[0]], text)


def places_of(words: Iterable[str], text: str) -> list[tuple[int, int]]:
    """Where folded words stand in a text (NFC) in either spelling: first and last offset, in order.

    Those that overlap or touch are one.
    """
    written = [[fold(sign) for sign in text]]
    if TWO_LETTERS.search(text):
        written.append([fold(transcribed(sign)) for sign in text])
    spans = {span for word in words if word for each in written for span in spans_of(word, each)}
    return joined_spans(sorted(spans))


def spans_of(word: str, signs: list[str]) -> Iterator[tuple[int, int]]:
    """Where a word stands in folded signs, some of which are several letters or none."""
    # The sign that each letter comes from.
    places = [place for place, letters in enumerate(signs) for _ in letters]
    for found in re.finditer(re.escape(word), "".join(signs)):
        yield places[found.start()], places[found.end() - 1] + 1


def joined_spans(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, of which those that overlap or touch are one."""
    found: list[tuple[int, int]] = []
    for span in spans:
        if found and span[0] <= found[-1][1]:
            start, end = found.pop()
            found.append((start, max(end, span[1])))
        else:
            found.append(span)
    return found


def spellings(word: str) -> frozenset[str]:
    """The folded forms of a word: `muller` and `mueller` for `Müller`."""
    return frozenset({fold(word), fold(transcribed(word))})
