"""Image files: PNG, JPEG, TIFF, WebP, BMP, GIF, HEIC."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from ingestion.parsing import kinds, markdown
from ingestion.parsing.hyphens import mended
from ingestion.parsing.letters import WordLetters, boxes_of
from ingestion.parsing.pdf import joined
from ingestion.parsing.scans.engine import NO_MODEL
from ingestion.parsing.scans.opening import opened, text_of_picture
from ingestion.parsing.scans.rules import PictureText, current
from ingestion.parsing.types import Extract, ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL import Image

    from documents.layout import BoxAt, PageAt

# Shown in lists as pages; of other formats with several pictures, the first is the still one.
PAGED = {kinds.TIFF.mime}
NO_TEXT = "No text was recognised in the image."
OFF = "This is an image, and reading images is switched off (OCR_ENABLED)."


@kinds.reads(*kinds.IMAGES)
def read_image(data: bytes, mime: str) -> Extract:
    """The text of an image, page by page when it has several."""
    scan = current()
    if not scan.rules.enabled:
        raise ParseFailed("unsupported_type", OFF)
    with opened(data, mime) as image:
        found = dict(texts_of(image, data, most=scan.rules.most_pages if mime in PAGED else 1))
    text, starts = joined(list(found), mended([each.text for each in found.values()]))
    if not text.strip():
        raise ParseFailed("no_text", NO_TEXT)
    pages, boxes = starts if mime in PAGED else [], picture_boxes(text, starts, found)
    count = len(pages) or None
    return Extract(
        text,
        headings=markdown.headings_of(text),
        pages=pages,
        page_count=count,
        notes=scan.notes(),
        boxes=boxes,
    )


def picture_boxes(
    text: str, starts: Sequence[PageAt], found: Mapping[int, PictureText]
) -> list[BoxAt]:
    """Where the text stands in the pictures that it was read in."""
    ends = [*(start.offset for start in starts[1:]), len(text)]
    return [
        box
        for start, end in zip(starts, ends, strict=True)
        for box in boxes_of(
            text[start.offset : end], start.offset, start.page, WordLetters(*found[start.page])
        )
    ]


def texts_of(image: Image.Image, data: bytes, *, most: int) -> Iterator[tuple[int, PictureText]]:
    """The text of each picture in a file, by its number from 1, up to one that is damaged.

    Raises `ParseFailed` when that is the first.
    """
    scan, digest = current(), hashlib.sha256(data).hexdigest()
    count = pictures_in(image, most)
    for number in range(1, count + 1):
        try:
            text = scan.page(digest, number, count, partial(text_of_picture, image, number))
        except ParseFailed as error:
            if number == 1 or error.code == NO_MODEL:
                raise
            scan.damaged = True
            return
        if text is None:
            return
        yield number, text


def pictures_in(image: Image.Image, most: int) -> int:
    """How many pictures a file has; of more than are read, one more is counted."""
    if most == 1:
        return 1
    count = 1
    try:
        while count <= most:
            image.seek(count)
            count += 1
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the end, or damage, which the library meets in many ways
        return count
    return count
