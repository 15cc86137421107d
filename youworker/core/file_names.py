"""Names of files as other systems take them."""

from __future__ import annotations

import unicodedata

# What most file systems take, in bytes of UTF-8; an ending of up to so many is kept whole.
LONGEST_BYTES = 255
LONGEST_ENDING = 20
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Parts of letters in Persian and Indian scripts, and of emoji.
JOINERS = {"\u200c", "\u200d"}


def seen_name(name: str) -> str:
    """The name with `_` for what nobody sees, such as marks that turn letters round."""
    return "".join(
        "_" if unicodedata.category(each) in UNSEEN and each not in JOINERS else each
        for each in name
    )


def shortened_name(name: str, longest: int = LONGEST_BYTES) -> str:
    """The name within so many bytes of UTF-8, with its ending kept."""
    if len(name.encode()) <= longest:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    room = longest - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + ending


def ascii_name(name: str) -> str:
    """The nearest name without accents, for those who read nothing else."""
    plain = unicodedata.normalize("NFKD", name)
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return "".join(each if each.isascii() and each not in '"\\%' else "_" for each in letters)
