"""Real files for tests of attachments, handed in and read as in the product."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from chat import services
from ingestion import services as ingestion
from ingestion.pipeline.worker import work_for
from ingestion.tests.samples import pdf

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from ingestion.models import IngestionItem

__all__ = ["hand_in", "pdf", "photograph", "picture_of_text", "read_all"]


def hand_in(
    user: User,
    name: str,
    content: bytes | str,
    *,
    session_id: UUID | None = None,
    mime: str = "",
    read: bool = True,
) -> IngestionItem:
    """A file in the private collection of a conversation, as the page hands it in."""
    collection = services.private_collection(session_id, actor=user)
    data = content if isinstance(content, bytes) else content.encode()
    file = ingestion.receive_bytes(data, name=name, mime=mime)
    run = ingestion.start_upload([file], collection_id=collection.pk, actor=user)
    if read:
        read_all()
    item: IngestionItem = run.items.get()
    return item


def read_all() -> None:
    """Do what a worker does, until nothing waits."""
    work_for(60)


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
