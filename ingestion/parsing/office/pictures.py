"""Pictures in documents that say nothing else: scans and screenshots that were pasted."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ingestion.parsing import markdown
from ingestion.parsing.hyphens import mended
from ingestion.parsing.media import kind_of_image
from ingestion.parsing.office.writing import write_lines
from ingestion.parsing.scans.engine import NO_MODEL
from ingestion.parsing.scans.opening import opened, text_of_picture
from ingestion.parsing.scans.pages import ENOUGH_LETTERS, letters_in
from ingestion.parsing.scans.rules import PictureText, current
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PIL.Image import Image

    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.package import Package
    from ingestion.parsing.office.writing import Writer

# The name of a part, or what is written into a part itself.
Picture = str | bytes


class WrittenOut:
    """Gathers a file that is written into a part in base64, and hands it out where it ends."""

    def __init__(self, keep: Callable[[bytes], object]) -> None:
        self.keep = keep
        self.letters: list[str] | None = None

    def start(self, attributes: Attributes) -> None:
        """It follows."""
        self.letters = []

    def take(self, text: str) -> bool:
        """Keep characters that are of such a file, which others are not."""
        if self.letters is None:
            return False
        self.letters.append(text)
        return True

    def end(self) -> None:
        """Nothing is handed out of what is no base64."""
        letters, self.letters = "".join(self.letters or ()), None
        with suppress(ValueError):
            self.keep(base64.b64decode(letters))


def is_silent(writer: Writer) -> bool:
    """Whether so little was written that the pictures are what people read."""
    return letters_in("".join(writer.pieces)) < ENOUGH_LETTERS


def write_pictures(package: Package, pictures: Sequence[Picture], writer: Writer) -> None:
    """Write what is recognised in the pictures of a document, one after the other."""
    for number, picture in enumerate(pictures, start=1):
        write_picture(package, picture, writer, at=(number, len(pictures)))


def write_slide_pictures(
    package: Package, pictures: Iterable[Picture], writer: Writer, *, at: tuple[int, int]
) -> None:
    """Write what is recognised in the pictures of one of several slides, below its title."""
    for picture in pictures:
        write_picture(package, picture, writer, at=at, level=2)


def write_picture(
    package: Package, picture: Picture, writer: Writer, *, at: tuple[int, int], level: int = 0
) -> None:
    """Write what is recognised in a picture, headings below a level.

    Nothing of one that is damaged. Raises `ParseFailed` without a model for the letters.
    """
    scan = current()
    try:
        data = content_of(package, picture)
        kind = kind_of_image(data)
        if kind is None:
            return
        if not scan.rules.enabled:
            scan.passed_over += 1
            return
        image = opened(data, kind.mime)
    except ParseFailed:
        return
    with image:
        digest = hashlib.sha256(data).hexdigest()
        found = scan.page(digest, *at, partial(text_or_nothing, image))
    if found is not None:
        (text,) = mended([found.text])
        writer.set_apart()
        write_lines(writer, text, markdown.headings_of(text), below=level)


def text_or_nothing(image: Image) -> PictureText:
    """What is recognised in a picture, which counts as a page also when it is damaged."""
    try:
        return text_of_picture(image, 1)
    except ParseFailed as error:
        if error.code == NO_MODEL:
            raise
        return PictureText("", "")


def content_of(package: Package, picture: Picture) -> bytes:
    """The bytes of a picture; empty when they are missing, or were asked for before."""
    if isinstance(picture, bytes):
        return picture
    return package.read(picture) if package.is_new(picture) else b""
