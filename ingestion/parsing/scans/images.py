"""Image files: PNG, JPEG, TIFF, WebP, BMP, GIF, HEIC."""

from __future__ import annotations

import hashlib
import io
import warnings
from functools import partial
from typing import TYPE_CHECKING

from PIL import (
    AvifImagePlugin,  # noqa: F401 -- registers its reader, like those below
    Image,
    ImageOps,
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from ingestion.parsing import kinds, markdown
from ingestion.parsing.letters import WordLetters, boxes_of
from ingestion.parsing.pdf import joined, mended
from ingestion.parsing.scans.engine import NO_MODEL
from ingestion.parsing.scans.recognising import text_of
from ingestion.parsing.scans.rules import PictureText, current
from ingestion.parsing.types import Extract, ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from documents.layout import BoxAt, PageAt

# The readers of the library that may see a file; others start programs or read further files.
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "HEIF", "AVIF")
# Points: the largest telephone's photograph, an A0 plan of 300 dpi. In colour, 600 MB.
MOST_PIXELS = 200_000_000
# Shown in lists as pages; of other formats with several pictures, the first is the still one.
PAGED = {kinds.TIFF.mime}
# The library refuses what is twice as large before it asks for memory.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
NO_TEXT = "No text was recognised in the image."
DAMAGED = "The image is damaged or was cut off."
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


def opened(data: bytes, mime: str) -> Image.Image:
    """The image, of which nothing but the head was read; raises `ParseFailed`."""
    if mime == kinds.HEIC.mime:
        import pi_heif  # noqa: PLC0415 -- for photographs of one maker only

        pi_heif.register_heif_opener()
    with warnings.catch_warnings():
        # Its own bounds are looked at below, and what is odd about a file is no news.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise too_large() from error
        except MemoryError:
            raise
        except Exception as error:  # the library meets damage in many ways
            raise ParseFailed("damaged_file", DAMAGED) from error
    return image


def too_large() -> ParseFailed:
    """The refusal of an image that memory would not hold."""
    return ParseFailed("too_large_inside", "The image has more points than can be read.")


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


def text_of_picture(image: Image.Image, number: int) -> PictureText:
    """What is recognised in a picture of a file, as its camera was held; raises `ParseFailed`."""
    try:
        image.seek(number - 1)
        is_too_large = image.width * image.height > MOST_PIXELS
        if not is_too_large:
            # JPEG can be unpacked at half or a quarter of its size.
            image.draft("L", (6000, 6000))
            image.load()
            image = ImageOps.exif_transpose(image)
    except MemoryError as error:
        raise too_large() from error
    except Exception as error:  # see above
        raise ParseFailed("damaged_file", DAMAGED) from error
    if is_too_large:
        raise too_large()
    return text_of(image)
