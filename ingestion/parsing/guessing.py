"""The encoding of a text that does not say it, by what its bytes look like."""

from __future__ import annotations

import re
import unicodedata

from ingestion.parsing.codepages import codec_of, decoded

HIGH = re.compile(rb"[\x80-\xff]")
# Bytes of lines with letters beyond ASCII: more does not change the answer.
SAMPLE = 8192
LONGEST_LINE = 4096
CONTEXT = 60
# As browsers know them, and what DOS and Macintosh wrote where most people live. Rare code pages
# are no candidates: in short texts they win over the common ones by chance.
LATIN = (
    *("cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859-2", "iso8859-9", "iso8859-13"),
    *("iso8859-15", "iso8859-16", "cp850", "cp852", "mac-roman"),
)
OTHER = (
    *("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic", "cp1253", "iso8859-7"),
    *("cp1255", "iso8859-8", "cp1256", "iso8859-6", "cp874"),
)
ASIAN = ("big5hkscs", "cp932", "euc_jis_2004", "cp949", "euc_kr", "gb18030")
WESTERN_LETTERS = frozenset(
    "äöüßÄÖÜéèêëàâáíìîïóòôúùûñçÇÉÈÊÀÁÂÍÓÚÑåÅæÆøØãœŒ«»€°§ªº·©®´¿¡£\xa0"  # noqa: RUF001
)
# Money, degrees, fractions, quotes, dashes: where a word is, these are letters of older encodings.
SYMBOL = re.compile(
    rb"(?<![A-Za-z\x80-\xff])[\x80\xa0-\xbf](?![a-z\x80-\xff])"
    rb"|(?<=[A-Za-z])\x92(?=(?:s|t|d|m|ll|re|ve)\b)"
    rb"|\x93[ -~]{1,80}\x94|\x91[ -~]{1,80}\x92|\x84[ -~]{1,80}\x93"
    rb"|(?<=[A-Za-z.,\x92\x94])\x85(?![A-Za-z])|(?<![^ \n])[\x95-\x97](?= )"
)
ONLY_SYMBOLS = 5.0
# Whole words beyond ASCII, as other alphabets than the Latin one have.
FOREIGN_WORD = re.compile(rb"[\x80-\xff]{3}")
LIKELIEST = "cp1252"
# The detector names what has most characters; people wrote what Windows had.
NAMED_BY_THE_PRECISE = {"euc_jis_2004": "euc_jp", "shift_jis_2004": "cp932"}
ASIAN_CODECS = {"big5hkscs", "cp932", "euc_jp", "cp949", "euc_kr", "gb18030"}

ESCAPED = re.compile(rb"\x1b(?:\$[@AB]|\(I|\$\([DC]|\$\)C)")
HZ = re.compile(rb"~\{(?:[!-w][!-~])++~\}")
ASCII = bytes(range(128))

WIDE_HEAD = 4096
WIDE_CODECS = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# Unassigned, private, control and half characters: text in the wrong order is full of them.
NO_TEXT = {"Cn", "Co", "Cc", "Cs"}
MOSTLY = 0.95
# Without escape, of which logs with the colours of terminals are full.
CONTROLS = bytes([*range(1, 9), *range(14, 27), *range(28, 32)])
WESTERN = bytes([9, 10, 13, 32, *range(65, 91), *range(97, 123)])
MUCH_WESTERN = 0.65
PRINTED = bytes(range(32, 127))
MUCH_PRINTED = 0.65
SHORTEST_WIDE = 8
FEW_ZEROS = 0.25
FEW_CONTROLS = 0.01
# Ideographs, kana, Korean syllables, their punctuation, ASCII.
ASIAN_TEXT = re.compile(
    "[\t\n\r -~\u2010-\u2026\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]+"
)


def guess_encoding(data: bytes) -> str:
    """The codec that bytes beyond ASCII were most likely written with."""
    # Here, because its models take 40 MB and a tenth of a second.
    import chardet  # noqa: PLC0415 -- most files are UTF-8

    part = sample(data)
    candidates = (*LATIN, *ASIAN, *(OTHER if FOREIGN_WORD.search(part) else ()))
    likelihoods = {LIKELIEST: 0.0}
    for found in chardet.detect_all(part, include_encodings=candidates):
        codec = codec_of(found["encoding"] or "") or LIKELIEST
        likelihoods[codec] = max(found["confidence"], likelihoods.get(codec, 0.0))
    likelihoods[LIKELIEST] *= advantage(part)
    best = max(likelihoods, key=lambda codec: likelihoods[codec])
    best = NAMED_BY_THE_PRECISE.get(best, best)
    return best if best in ASIAN_CODECS else wide_asian_encoding(data) or best


def advantage(part: bytes) -> float:
    """How much likelier than its letters say the commonest encoding is, where they are few.

    Without it many Western phrases with one or two letters beyond ASCII are read as Polish and the
    like; with it a few phrases from Central Europe are read as Western, and whole sentences as
    before.
    """
    if not HIGH.search(SYMBOL.sub(b"", part)):
        return ONLY_SYMBOLS
    letters = re.sub(rb"[\x00-\x7f]+", b"", part).decode(LIKELIEST, "replace")
    return 1 + 2 / len(letters) if letters and WESTERN_LETTERS.issuperset(letters) else 1.0


def sample(data: bytes) -> bytes:
    """The lines with bytes beyond ASCII, as far as they are needed."""
    pieces: list[bytes] = []
    size = position = 0
    while size < SAMPLE and (high := HIGH.search(data, position)):
        begin = max(position, high.start() - CONTEXT)
        begin = max(begin, data.rfind(b"\n", begin, high.start()) + 1)
        newline = data.find(b"\n", high.start(), high.start() + LONGEST_LINE)
        position = newline if newline >= 0 else high.start() + LONGEST_LINE
        pieces.append(data[begin:position])
        size += position - begin
    return b"\n".join(pieces)


def escaped_encoding(data: bytes) -> str:
    """The codec of a text of seven bits that switches alphabets by escapes; empty for others."""
    if len(data.translate(None, ASCII)) > len(data) // 100:
        return ""
    found = ESCAPED.search(data)
    if found:
        chinese = b"\x1b$A" in data or b"\x1b$(C" in data
        korean = found[0].endswith(b"$)C")
        return "iso2022_kr" if korean else "iso2022_jp_2" if chinese else "iso2022_jp_ext"
    return "hz" if b"~{" in data and is_chinese(data) else ""


def is_chinese(data: bytes) -> bool:
    """Whether all that stands between braces with tildes is Chinese."""
    between = b"".join(HZ.findall(data))
    return bool(between) and "\ufffd" not in decoded(between, "hz")


def wide_encoding(data: bytes) -> str:
    """The codec of a text in units of two or four bytes that has no mark; empty for others."""
    head = beginning(data)
    if is_narrow(head):
        return ""
    scores = {codec: likeness(head, codec) for codec in WIDE_CODECS}
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] else ""


def wide_asian_encoding(data: bytes) -> str:
    """The codec of a text in units of two bytes that has no zeros, as one line of Chinese."""
    head = beginning(data)
    if len(data) % 2 or len(head) < SHORTEST_WIDE or share(head, PRINTED) > MUCH_PRINTED:
        return ""
    fitting = (
        codec
        for codec in ("utf-16-le", "utf-16-be")
        if ASIAN_TEXT.fullmatch(head.decode(codec, "replace"))
    )
    return next(fitting, "")


def beginning(data: bytes) -> bytes:
    """What is looked at of a text: whole units."""
    return data[: min(WIDE_HEAD, len(data) // 4 * 4 or len(data))]


def is_narrow(head: bytes) -> bool:
    """Whether a text is of one byte a character, perhaps with some zeros in it."""
    zeros, controls = head.count(0), share(head, CONTROLS)
    if not zeros and controls <= FEW_CONTROLS:
        return True
    plain = head.isascii() and controls <= FEW_CONTROLS
    return zeros < len(head) * FEW_ZEROS and (plain or share(head, WESTERN) > MUCH_WESTERN)


def share(head: bytes, members: bytes) -> float:
    """How much of some bytes is one of others."""
    return 1 - len(head.translate(None, members)) / len(head) if head else 0.0


def likeness(head: bytes, codec: str) -> float:
    """How much bytes look like a text in units of two or four; zero when they are none."""
    try:
        text = head.decode(codec)
    except UnicodeDecodeError as error:
        # A pair of units may be cut in two by the end of what is looked at.
        if error.start < len(head) - 4:
            return 0.0
        text = head[: error.start].decode(codec)
    known = sum(char in "\t\n\r\f" or unicodedata.category(char) not in NO_TEXT for char in text)
    if not text or known < len(text) * MOSTLY:
        return 0.0
    # A text keeps to few blocks of characters; in the wrong order it is scattered over all.
    blocks = len({ord(char) >> 8 for char in text})
    return (2 * known - blocks) / len(text)
