"""Names of encodings to codecs, as browsers and mail programs understand them."""

from __future__ import annotations

import codecs
import re

import webencodings

# What browsers refuse to read, because pages hid scripts in it; here it is only text.
REFUSED_BY_BROWSERS = {"hz-gb-2312": "hz", "iso-2022-kr": "iso2022_kr"}
# Supersets that writers of these encodings use; the extra characters of Japanese are `repair`'s.
SUPERSETS = {"gbk": "gb18030", "iso-2022-jp": "iso2022_jp_ext", "x-user-defined": "cp1252"}
PYTHON_NAMES: dict[str, str] = webencodings.PYTHON_NAMES
# Encodings no page has and old computers had. Python has others besides, which are no text.
OLD = re.compile(
    r"(?:(?:x-)?cp|ibm)[_-]?(?P<page>\d{3,5})|iso[_-]?8859[_-]?(?P<part>\d{1,2})"
    r"|(?:x-)?mac[_-]?(?P<mac>roman|cyrillic|greek|turkish|latin2|iceland|croatian|romanian|ce)"
    r"|(?P<other>utf[_-]?7|johab|hp[_-]roman8|koi8[_-]t|kz[_-]?1048|ptcp154|big5[_-]?hkscs"
    r"|utf[_-]?32(?:[_-]?[lb]e)?|iso[_-]?2022[_-]jp[_-]\w{1,4}|euc_jis_2004|shift_jis_2004)"
)
STARTS = {"page": "cp", "part": "iso8859-", "mac": "mac_"}
NO_SUCH_PAGE = {"cp65001": "utf-8", "mac_ce": "mac_latin2"}
# Made of units of two or four bytes, so nothing that was read as ASCII can have announced them.
WIDE = re.compile(r"utf-?(?:16|32)", re.I)
ERRORS = "ingestion.repair"
# Where makers of computers added characters that Python's codec does not have.
EXTENDED = ("euc_jp", "iso2022_jp", "gb18030", "big5")


def codec_of(label: str) -> str:
    """The Python codec of an encoding's name; empty when there is no such encoding.

    Names mean what they mean to browsers (https://encoding.spec.whatwg.org), so `latin1` is cp1252.
    """
    name = label.strip("\"' \t\r\n").lower()
    known = webencodings.LABELS.get(name)
    if known == "replacement":
        return REFUSED_BY_BROWSERS.get(name, "")
    if known:
        return codecs.lookup(SUPERSETS.get(known) or PYTHON_NAMES.get(known, known)).name
    return old_codec(name)


def old_codec(name: str) -> str:
    """The codec of an encoding that browsers do not know."""
    found = OLD.fullmatch(name)
    if not found:
        return ""
    parts = found.groupdict()
    wanted = next(
        (f"{start}{parts[kind]}" for kind, start in STARTS.items() if parts[kind]), parts["other"]
    )
    try:
        return codecs.lookup(NO_SUCH_PAGE.get(wanted, wanted)).name
    except LookupError:
        return ""


def repair(error: UnicodeError) -> tuple[str, int]:
    """Read what makers of computers added to an encoding; one replacement character otherwise.

    An error handler for codecs.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if error.encoding.startswith(("euc_jp", "iso2022_jp")):
        found = japanese_extra(pair)
    elif error.encoding.startswith("gb") and pair[:1] == b"\x80":
        return "\u20ac", error.start + 1
    elif error.encoding.startswith("big5"):
        found = pair.decode("cp950", "ignore")
    else:
        found = ""
    if len(found) == 1 and ord(found) > 127:  # noqa: PLR2004 -- the end of ASCII
        return found, error.start + 2
    # The codecs of several bytes name the first byte only, or all that cannot belong together.
    return "\ufffd", error.end


def japanese_extra(pair: bytes) -> str:
    """The character of a row and a cell that Microsoft and NEC added to JIS X 0208."""
    if len(pair) < 2:  # noqa: PLR2004 -- a row and a cell
        return ""
    row, cell = pair[0] & 0x7F, pair[1] & 0x7F
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):  # noqa: PLR2004 -- JIS X 0208
        return ""
    lead = ((row - 0x21) >> 1) + 0x81
    trail = cell + (0x1F + (cell >= 0x60) if row % 2 else 0x7E)  # noqa: PLR2004 -- Shift_JIS
    return bytes((lead + 0x40 if lead > 0x9F else lead, trail)).decode("cp932", "ignore")  # noqa: PLR2004


codecs.register_error(ERRORS, repair)


def decoded(data: bytes, codec: str) -> str:
    """The characters of bytes; the replacement character stands for what is damaged."""
    # The handler is called for each damaged byte, a thousand times slower than what is built in.
    errors = ERRORS if codec.startswith(EXTENDED) else "replace"
    return codecs.decode(data, codec, errors)
