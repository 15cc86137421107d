"""Images for tests, drawn by the library that reads them."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont


def picture_of_text(text: str, *, form: str = "PNG") -> bytes:
    """An image on which a text can be read."""
    image = Image.new("RGB", (1400, 220), "white")
    font = ImageFont.load_default(64)
    ImageDraw.Draw(image).text((40, 60), text, fill="black", font=font)
    written = io.BytesIO()
    image.save(written, form)
    return written.getvalue()


def photograph(size: tuple[int, int] = (3000, 2000), *, orientation: int = 6) -> bytes:
    """A JPEG without text that was taken sideways, with a place in its metadata."""
    image = Image.new("RGB", size, (200, 30, 30))
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), fill=(30, 30, 200))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home, 45.4642 N"
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif)
    return written.getvalue()
