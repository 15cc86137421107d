"""Pages of a PDF that are pictures: which ones, and what they say."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING, Any

from ingestion.parsing.scans.preparing import LARGE
from ingestion.parsing.scans.recognising import text_of
from ingestion.parsing.scans.rules import PictureText, current

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL.Image import Image

# Letters. A page with more has a text of its own; fewer may be a stamp, a number or the name of
# the scanning program above the picture of a page.
ENOUGH_LETTERS = 200
# Of what is on a page: signs without a meaning, which a font without a table of letters leaves.
GARBAGE_SHARE = 0.2
# Tokens, each of some signs: of fewer nobody can tell whether they are words.
ENOUGH_TOKENS = 30
LEAST_TOKEN = 4
# Of them, words. Lists of parts have more; a font with a wrong table of letters leaves none.
SHARE_OF_WORDS = 0.25
# Of its area: a picture below some letters, a picture alone.
WHOLE_PAGE = 0.5
PART_OF_PAGE = 0.02
# Letters that were drawn as outlines, a heading at least.
OUTLINES = 20
MOST_OBJECTS = 3000
DEEPEST = 4
DOTS_PER_POINT = 300 / 72
# A word or a part of a name from a program, as `asn1`, `array2` or `getElement`.
PART = r"(?:[A-Z]?[a-z]++(?:[A-Z][a-z]{2,}+)*+|[A-Z]++)\d{0,4}+"
# In quotes and brackets, with its punctuation; words and parts of names may be joined.
WORD = re.compile(rf"[\"'(\[]{{0,4}}+{PART}(?:[-'/._]++(?:{PART}|\d{{1,4}}+))*+[\"')\].,;:!?]*+")


def scanned_texts(data: bytes, texts: Mapping[int, str]) -> dict[int, PictureText]:
    """What is recognised on pages without a usable text of their own; `texts` by page number."""
    if not current().rules.enabled or all(is_usable(text) for text in texts.values()):
        return {}
    import pypdfium2  # noqa: PLC0415 -- only files with pictures pay for it

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return {}
    with contextlib.closing(document):
        return dict(read_pages(document, texts, hashlib.sha256(data).hexdigest()))


def read_pages(
    document: Any, texts: Mapping[int, str], digest: str
) -> Iterator[tuple[int, PictureText]]:
    """The recognised texts, until no more may be read; pages that keep their own are left out."""
    scan, count = current(), len(document)
    for number in range(1, count + 1):
        text = texts.get(number, "")
        if is_usable(text):
            continue
        with opened(document, number) as page:
            if page is None or not is_picture(page, text):
                continue
            found = scan.page(digest, number, count, partial(text_of_page, page))
        if found is None:
            return
        if found.text and is_better(found.text, text):
            yield number, found


@contextlib.contextmanager
def opened(document: Any, number: int) -> Iterator[Any]:
    """A page, or none when it is damaged."""
    import pypdfium2  # noqa: PLC0415 -- see above

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        yield None
        return
    with contextlib.closing(page):
        yield page


def is_better(found: str, text: str) -> bool:
    """Whether what was recognised says more than what a page says of itself."""
    if is_garbage(text):
        return True
    if is_misspelt(text):
        more = words_in(tokens_in(found)) > words_in(tokens_in(text))
        return more and not is_misspelt(found)
    return letters_in(found) > letters_in(text)


def is_usable(text: str) -> bool:
    """Whether a page has a text that need not be compared with its picture."""
    is_spoilt = is_garbage(text) or is_misspelt(text)
    return letters_in(text) >= ENOUGH_LETTERS and not is_spoilt


def letters_in(text: str) -> int:
    """How many letters and digits there are."""
    return sum(map(str.isalnum, text))


def is_garbage(text: str) -> bool:
    """Whether many signs of a text have no meaning."""
    signs = [sign for sign in text if not sign.isspace()]
    lost = sum(
        sign == "\ufffd" or unicodedata.category(sign) in {"Cc", "Cn", "Co"} for sign in signs
    )
    return lost > len(signs) * GARBAGE_SHARE


def is_misspelt(text: str) -> bool:
    """Whether hardly a token is a word: letters stand for others, as `;0n MfRo#*S"`."""
    tokens = tokens_in(text)
    return len(tokens) >= ENOUGH_TOKENS and words_in(tokens) < len(tokens) * SHARE_OF_WORDS


def words_in(tokens: Sequence[str]) -> int:
    """How many tokens are words or names, whose capitals stand where those of words do."""
    return sum(bool(WORD.fullmatch(token)) for token in tokens)


def tokens_in(text: str) -> list[str]:
    """What stands between blanks, as far as letters of ours have to be words, and no numbers."""
    return [
        token
        for token in text.split()
        if len(token) >= LEAST_TOKEN and token.isascii() and any(map(str.isalpha, token))
    ]


def is_picture(page: Any, text: str) -> bool:
    """Whether what is seen on a page is more than its text."""
    if is_garbage(text) or is_misspelt(text):
        return True
    try:
        covered, outlines = covering(page)
    except RuntimeError:  # what the library says about damage is one
        return False
    if letters_in(text):
        return covered >= WHOLE_PAGE
    return covered >= PART_OF_PAGE or outlines >= OUTLINES


def covering(page: Any) -> tuple[float, int]:
    """The share of a page that pictures cover, at most 1, and how many outlines it has."""
    from pypdfium2 import raw  # noqa: PLC0415 -- see above

    width, height = page.get_size()
    area, outlines = 0.0, 0
    wanted = [raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH]
    objects = page.get_objects(filter=wanted, max_depth=DEEPEST)
    for item in itertools.islice(objects, MOST_OBJECTS):
        if item.type == raw.FPDF_PAGEOBJ_PATH:
            outlines += 1
            continue
        left, bottom, right, top = item.get_bounds()
        area += min(right - left, width) * min(top - bottom, height)
    return min(1.0, area / (width * height)) if width * height > 0 else 0.0, outlines


def text_of_page(page: Any) -> PictureText:
    """What is recognised on a page; nothing when it cannot be drawn."""
    try:
        picture = rendered(page)
    except (RuntimeError, ValueError):
        return PictureText("", "")
    return text_of(picture)


def rendered(page: Any) -> Image:
    """The picture of a page in gray, as fine as its letters need and as memory allows."""
    width, height = page.get_size()
    scale = min(DOTS_PER_POINT, (LARGE / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        # A copy: the bitmap owns its points.
        picture: Image = bitmap.to_pil().copy()
    finally:
        bitmap.close()
    return picture
