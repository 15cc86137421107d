"""Images, sound and film: what their first bytes say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.kinds import Kind

IMAGES = (
    (b"\x89PNG\r\n", kinds.PNG),
    (b"\xff\xd8\xff", kinds.JPEG),
    (b"GIF87a", kinds.GIF),
    (b"GIF89a", kinds.GIF),
    (b"II*\x00", kinds.TIFF),
    (b"MM\x00*", kinds.TIFF),
)
# `BM`, its size, and four bytes that nobody uses; a text may begin with the two letters.
BITMAP = re.compile(rb"BM....\x00\x00\x00\x00", re.S)
# Containers name what they hold behind their length.
RIFF = re.compile(rb"RIFF....(.{4})", re.S)
BRAND = re.compile(rb"....ftyp(.{4})", re.S)
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx"}
AVIF_BRANDS = {b"avif", b"avis"}
SOUND_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
SOUND = re.compile(rb"ID3|OggS|fLaC|\xff[\xf2\xf3\xfa\xfb\xf1\xf9]|#!AMR|FORM....AIF[FC]", re.S)
# Matroska, WebM; Windows Media; MPEG.
FILM = re.compile(rb"\x1aE\xdf\xa3|0&\xb2u\x8ef\xcf\x11|\x00\x00\x01\xba|FLV\x01", re.S)
NO_SPEECH = "This is {label}, whose words cannot be read without a speech model (STT_MODEL_DIR)."


def kind_of_image(data: bytes) -> Kind | None:
    """The format of an image; none for anything else."""
    for start, kind in IMAGES:
        if data.startswith(start):
            return kind
    if BITMAP.match(data):
        return kinds.BMP
    if within(RIFF, data) == b"WEBP":
        return kinds.WEBP
    brand = within(BRAND, data)
    if brand in HEIC_BRANDS:
        # Either format may call itself by the name of both.
        return kinds.AVIF if b"avif" in data[12:64] else kinds.HEIC
    return kinds.AVIF if brand in AVIF_BRANDS else None


def check_speech(data: bytes) -> None:
    """Refuse sound and film with a sentence that names the setting they would need."""
    label = label_of(data)
    if label:
        raise ParseFailed("no_speech_service", NO_SPEECH.format(label=label))


def label_of(data: bytes) -> str:
    """What people call a file that sounds; empty for any other."""
    form, brand = within(RIFF, data), within(BRAND, data)
    if SOUND.match(data) or form == b"WAVE" or brand in SOUND_BRANDS:
        return "a sound file"
    is_film = brand and brand not in HEIC_BRANDS | AVIF_BRANDS
    return "a video" if is_film or form == b"AVI " or FILM.match(data) else ""


def within(container: re.Pattern[bytes], data: bytes) -> bytes:
    """What a container of this form says it holds."""
    found = container.match(data)
    return found[1] if found else b""
