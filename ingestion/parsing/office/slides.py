"""PowerPoint files: every slide is a page, with its notes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.drawings import drawing_lines
from ingestion.parsing.office.elements import Enough, Walk
from ingestion.parsing.office.flat_package import package_of
from ingestion.parsing.office.pictures import write_slide_pictures
from ingestion.parsing.office.shapes import Shapes
from ingestion.parsing.office.writing import NOTES, NOTES_LEVEL, TITLE_LEVEL, Writer

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.package import Package
    from ingestion.parsing.types import Extract

# What stands on a page of notes besides them.
NO_NOTES = frozenset({"sldImg", "sldNum", "hdr", "dt", "ftr"})


@kinds.reads(kinds.PPTX)
def read_slides(data: bytes, mime: str) -> Extract:
    """A presentation with notes and comments, in the order of its slides."""
    package, writer = package_of(data), Writer()
    with suppress(Enough):
        parts = slide_parts(package)
        for number, part in enumerate(parts, start=1):
            writer.begin_page(number)
            if package.is_new(part):
                write_slide(package, part, writer, at=(number, len(parts)))
    return writer.extract(package.title(), paged=True)


def slide_parts(package: Package) -> list[str]:
    """The slides in the order they are shown."""
    main = package.main_part()
    targets = {one.id: one.target for one in package.relations(main)}
    parts: list[str] = []

    def take(attributes: Attributes) -> None:
        parts.append(targets.get(attributes.get("r:id", ""), ""))

    Walk({"p:sldId": take}).through(package.open(main))
    return parts


def write_slide(package: Package, part: str, writer: Writer, *, at: tuple[int, int]) -> None:
    """Write one of several slides: title, shapes in their reading order, notes, comments."""
    shapes = Shapes(package, part)
    shapes.read()
    writer.write_heading(shapes.title, TITLE_LEVEL)
    shapes.write_to(writer)
    if shapes.is_silent:
        write_slide_pictures(package, shapes.pictures, writer, at=at)
    for relation in package.relations(part):
        if relation.kind == "notesSlide" and package.is_new(relation.target):
            notes = Shapes(package, relation.target, without=NO_NOTES)
            notes.read()
            if notes.blocks:
                writer.write_heading(NOTES, NOTES_LEVEL)
                notes.write_to(writer)
        elif relation.kind == "comments":
            for line in drawing_lines(package, relation.target):
                writer.write(f"[Comment: {line}]", close=True)
