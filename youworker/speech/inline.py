"""Markdown within a line, as it is read aloud."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from youworker.speech.words import Words

# Every pattern takes linear time: what is between two marks is bounded.
CITATION = re.compile(
    r"[ \t]{0,4}\[\^?\d{1,3}(?:[ \t]{0,3}[,;\u2013-][ \t]{0,3}\d{1,3}){0,9}\](?!\()"
)
FOOTNOTE = re.compile(r"\[\^[\w-]{1,40}\]:?")
PICTURE = re.compile(r"!\[([^\[\]]{0,300})\]\([^()\s]{0,2000}(?:[ \t]\"[^\"]{0,200}\")?\)")
LINK = re.compile(r"\[([^\[\]]{1,500})\]\([^()\s]{0,2000}(?:[ \t]\"[^\"]{0,200}\")?\)")
ADDRESS = re.compile(r"<?\bhttps?://[^\s<>()\[\]]{1,2000}>?")
CODE = re.compile(r"(`{1,3})([^`\n]{1,300})\1")
FORMULA = re.compile(
    r"\$\$([^$\n]{1,500})\$\$"
    # Amounts of money are none: they end before a blank and a figure.
    r"|\$([^$\s](?:[^$\n]{0,300}[^$\s])?)\$(?!\d)"
    r"|\\\(([^\n]{1,300}?)\\\)"
)
MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|~<>-])")
EMPHASIS = re.compile(r"\*{1,3}|~~|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|==")
FRACTION = re.compile(r"\\[dt]?frac\{([^{}]{1,100})\}\{([^{}]{1,100})\}")
ROOT = re.compile(r"\\sqrt\{([^{}]{1,100})\}")
POWER = re.compile(r"\^(?:\{([^{}]{1,60})\}|(\w))")
INDEX = re.compile(r"_(?:\{([^{}]{1,60})\}|(\w))")
COMMAND = re.compile(r"\\([A-Za-z]{1,20})")
SIGN = re.compile(r"[ \t]*([=+<>-])[ \t]*")
# A backslash or a brace that is left: nobody understands it when it is read.
UNREAD = re.compile(r"[\\{}&]")
BLANKS = re.compile(r"\s{1,1000}")
BEFORE_STOP = re.compile(r"[ \t]{1,9}([.,;:!?])")


def read_inline(text: str, words: Words) -> str:
    """A line without its markup; empty when nothing of it is said."""
    held: list[str] = []

    def keep(said: str) -> str:
        held.append(said)
        return f"\ue000{len(held) - 1}\ue001"

    text = text.replace("\ue000", "").replace("\ue001", "")
    text = CODE.sub(lambda found: keep(read_code(found[2])), text)
    text = FORMULA.sub(
        lambda found: keep(read_formula(next(filter(None, found.groups())), words)), text
    )
    text = PICTURE.sub(lambda found: words.picture.format(text=found[1]) if found[1] else "", text)
    text = LINK.sub(lambda found: found[1], text)
    text = ADDRESS.sub(lambda found: keep(read_address(found[0], words)), text)
    text = CITATION.sub("", text)
    text = FOOTNOTE.sub("", text)
    text = MARKUP.sub(" ", text)
    text = ESCAPE.sub(r"\1", EMPHASIS.sub("", text))
    text = html.unescape(text)
    text = "".join(" " if is_mute(letter) else letter for letter in text)
    text = re.sub("\ue000(\\d+)\ue001", lambda found: held[int(found[1])], text)
    return BEFORE_STOP.sub(r"\1", BLANKS.sub(" ", text)).strip()


def is_mute(letter: str) -> bool:
    """Whether a letter is a picture or a control, which nobody says."""
    return unicodedata.category(letter) in {"So", "Cs", "Cc", "Cn"} or letter in "\ufe0f\u200d"


def read_code(code: str) -> str:
    """Code in a line: its words."""
    return code.replace("_", " ").strip()


def read_address(address: str, words: Words) -> str:
    """An address by its host, and what stopped the sentence behind it."""
    bare = address.strip("<>")
    stop = bare[len(bare.rstrip(".,;:!?")) :]
    try:
        host = urlsplit(bare).hostname or ""
    except ValueError:
        host = ""
    return words.link.format(host=host.removeprefix("www.")) + stop


def read_formula(source: str, words: Words) -> str:
    """A formula in words where it is simple; else that there is one."""
    source = source.replace("\u2212", "-")
    text = FRACTION.sub(rf" \1 {words.over} \2 ", source)
    text = ROOT.sub(rf" {words.root_of} \1 ", text)
    text = POWER.sub(lambda found: f" {words.to_the_power} {found[1] or found[2]} ", text)
    text = INDEX.sub(lambda found: f" {found[1] or found[2]} ", text)
    text = COMMAND.sub(lambda found: f" {words.symbols.get(found[1], found[0])} ", text)
    text = SIGN.sub(lambda found: f" {words.symbols.get(found[1], '')} ", text)
    return words.formula if UNREAD.search(text) else BLANKS.sub(" ", text).strip()
