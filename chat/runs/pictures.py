"""Images as they are shown: upright, scaled down, and written anew with nothing beside them."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING
from zlib import crc32

from chat.standing import document_id_of, visible_documents
from chat.types import IMAGE
from documents import services as documents

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from accounts.models import User
    from chat.models import Attachment
    from documents.models import StoredFile

# The readers of the library that may see a file; others start programs or read further files.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
HEIC = "image/heic"
PNG = b"\x89PNG\r\n\x1a\n"
# Millions of empty parts take a library seconds; files of 20 MB have a few thousand.
MOST_CHUNKS = 50_000
MOST_READS = 20_000
# Points that are unpacked at once, in colour 150 MB; JPEG is unpacked at a part of its size.
MOST_PIXELS = 50_000_000
MOST_PIXELS_OF_JPEG = 200_000_000
# Points of the longer side: what models of today look at, and what a list shows.
SHOWN_SIDE = 1568
THUMBNAIL_SIDE = 320
QUALITY = 85
WHITE = (255, 255, 255)
# In one process a picture at a time: a conversation with many takes no more memory than with one.
unpacking = threading.Lock()


def data_url_of(attachment: Attachment, *, user: User) -> str:
    """An attached image as a model is sent it; empty when there is none that the user may see."""
    picture = picture_of(attachment, SHOWN_SIDE, user=user)
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" if picture else ""


def picture_of(attachment: Attachment, side: int, *, user: User) -> bytes | None:
    """An attached image as a JPEG of at most so many points a side; none the user may not see."""
    mime, stored = stored_image(attachment, user=user)
    if not mime.startswith(IMAGE):
        return None
    with documents.local_original(stored) as path:
        return None if path is None else redrawn(path, mime, side)


def stored_image(attachment: Attachment, *, user: User) -> tuple[str, StoredFile | None]:
    """The type and the bytes of a file its user may read now: a document's, or one on its way."""
    pk, item = document_id_of(attachment), attachment.item
    if pk is not None:
        document = visible_documents([pk], user=user).get(pk)
        return (document.mime, document.stored_file) if document else ("", None)
    if item is None or item.run.owner_id != user.pk:
        return "", None
    return item.mime or attachment.mime, item.stored_file


def redrawn(path: Path, mime: str, side: int) -> bytes | None:
    """A picture written anew; none for what is damaged, too large, or no picture at all."""
    from chat.runs.pillow import Image  # noqa: PLC0415 -- see there, as for the following

    formats: tuple[str, ...] = FORMATS
    if mime == HEIC:
        import pi_heif  # noqa: PLC0415 -- for photographs of one maker only

        pi_heif.register_heif_opener()
        formats = ("HEIF",)
    try:
        with unpacking, Image.open(path, formats=formats) as image:
            return write_jpeg(image, side)
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways
        return None


class Head(io.BytesIO):
    """Bytes whose reader has to know soon what they are: a head has few parts."""

    left = MOST_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on, unless that was done very often; raises `ValueError`."""
        self.left -= 1
        if self.left < 0:
            raise ValueError("This head has no end.")
        return super().read(size)


def is_picture(data: bytes) -> bool:
    """Whether some bytes begin like an image that may be opened; only the head is looked at."""
    from chat.runs.pillow import Image  # noqa: PLC0415

    try:
        with Image.open(Head(data), formats=FORMATS) as image:
            return image.width * image.height <= MOST_PIXELS_OF_JPEG
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways
        return False


def mended(data: bytes) -> bytes:
    """A PNG without its optional chunks whose checksums are wrong, which browsers skip as well.

    Anything else is given back as it is, and so is what is nothing but chunks.
    """
    if not data.startswith(PNG):
        return data
    kept, place = [PNG], len(PNG)
    while place < len(data):
        if len(kept) > MOST_CHUNKS:
            return data
        end = place + 12 + int.from_bytes(data[place : place + 4])
        chunk = data[place:end]
        is_optional = bool(chunk[4:5].islower())
        if not is_optional or crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:]):
            kept.append(chunk)
        place = end
    return b"".join(kept)


def write_jpeg(image: Image.Image, side: int) -> bytes | None:
    """An opened picture as a small JPEG; none when it has too many points."""
    from chat.runs.pillow import ImageOps  # noqa: PLC0415

    is_jpeg = image.format == "JPEG"
    if image.width * image.height > (MOST_PIXELS_OF_JPEG if is_jpeg else MOST_PIXELS):
        return None
    image.draft("RGB", (side * 2, side * 2))
    if image.width * image.height > MOST_PIXELS:
        return None
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((side, side))
    flat = on_white(upright)
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def on_white(image: Image.Image) -> Image.Image:
    """A picture without transparency."""
    from chat.runs.pillow import Image  # noqa: PLC0415

    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGB", layer.size, WHITE)
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground
