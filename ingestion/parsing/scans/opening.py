"""Images of any format: opened with care, and what is recognised in them."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from PIL import (
    AvifImagePlugin,  # noqa: F401 -- registers its reader, like those below
    Image,
    ImageOps,
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from ingestion.parsing import kinds
from ingestion.parsing.scans.recognising import text_of
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.scans.rules import PictureText

# The readers of the library that may see a file; others start programs or read further files.
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "AVIF")
# Points: the largest telephone's photograph, an A0 plan of 300 dpi. In colour, 600 MB.
MOST_PIXELS = 200_000_000
# The library refuses what is twice as large before it asks for memory.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
DAMAGED = "The image is damaged or was cut off."


def opened(data: bytes, mime: str) -> Image.Image:
    """The image, of which nothing but the head was read; raises `ParseFailed`."""
    formats: tuple[str, ...] = FORMATS
    if mime == kinds.HEIC.mime:
        import pi_heif  # noqa: PLC0415 -- for photographs of one maker only

        pi_heif.register_heif_opener()
        formats = (*FORMATS, "HEIF")
    with warnings.catch_warnings():
        # Its own bounds are looked at below, and what is odd about a file is no news.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=formats)
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
