"""Letters as search reads them: what is invisible left out, variants of a letter made one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from youworker.core.unicode import ACCENTS, UNSEEN, fold, members, spellings

SIGNS = {
    "'": "\u2018\u2019\u201b\u02bb\u02bc\u00b4\u2032\uff07",
    "-": "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d",
}
PLAIN_SIGN = {sign: plain for plain, signs in SIGNS.items() for sign in signs}
# A soft hyphen at the end of a line divides the word, not the text. In Catalan, a dot divides two
# letters that are otherwise one.
ODD = re.compile(
    f"[{''.join(SIGNS.values())}{UNSEEN}](?:(?<=\u00ad)[ \t]*\r?\n[ \t]*)?|(?<=[Ll])\u00b7(?=[Ll])"
)
# All of them that a text may have: looking for one of a set is much faster than for a pattern.
ODD_CHARACTERS = frozenset(PLAIN_SIGN) | members(UNSEEN) | {"\u00b7"}
# The blocks that hold letters, digits and blanks in other shapes.
VARIANT = re.compile(
    "[\u00a0\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be\u0132-\u0140\u0149\u017f\u01c4-\u01f3"
    "\u02b0-\u02e4\u0587\u0675-\u0678\u0e33\u0eb3\u0edc\u0edd\u1d2c-\u1dbf\u1e9a\u1e9b\u2000-\u2fdf"
    "\u3000-\u303a\u309f\u30ff\u3131-\u33ff\ua69c-\uab69\uf900-\uffef\U0001d400-\U0001ffff"
    "\U0002f800-\U0002fa1f]"
)
RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089\u00aa\u00ba]")
WORD = re.compile(rf"[\w{ACCENTS}\u0301\u0306\u0308]+")


def legible(text: str) -> str:
    """A text in one normal form, without what is invisible, with plain hyphens and apostrophes."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    if ODD_CHARACTERS.isdisjoint(composed):
        return composed
    return ODD.sub(lambda sign: PLAIN_SIGN.get(sign[0], ""), composed)


def plain_letters(text: str) -> str:
    """A legible text with ligatures, wide letters and the like as what they stand for."""
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text
    return unicodedata.normalize("NFC", VARIANT.sub(lambda char: plain_letter(char[0]), text))


@lru_cache(maxsize=4096)
def plain_letter(char: str) -> str:
    """What a character stands for; blanks around what is no part of a word: №, ½, ㎏, notes¹."""
    plain = unicodedata.normalize("NFKC", char)
    is_mark = bool(unicodedata.combining(plain[0]))
    if not (is_mark or plain.isspace() or any(map(str.isalnum, plain))):
        return char
    kind, category = unicodedata.decomposition(char), unicodedata.category(char)
    if kind.startswith(("<super>", "<sub>")) and category != "Lm":
        return " "
    return f" {plain} " if category in {"No", "So"} else plain


def other_spellings(text: str, read: str) -> dict[str, frozenset[str]]:
    """The words that are also found by another spelling, in lower case, with those spellings.

    `read` is the text before raised and lowered digits were taken for notes: `m²`, `H₂O`.
    """
    found: dict[str, frozenset[str]] = {}
    for token in set(text.split()):
        for word in () if token.isascii() else WORD.findall(token):
            lower = word.lower()
            if others := known_spellings(lower) - {lower}:
                found[lower] = others
    if text != read:
        found |= {
            word: frozenset({fold(word)}) for word in WORD.findall(read) if RAISED.search(word)
        }
    return found


# As many words with accents as some languages' documents are made of; about 10 MB.
@lru_cache(maxsize=20_000)
def known_spellings(word: str) -> frozenset[str]:
    """The folded forms of a word in lower case."""
    return spellings(word)
