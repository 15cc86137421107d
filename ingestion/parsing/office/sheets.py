"""Excel files: what their cells show."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.cells import Cells, read_shared_texts
from ingestion.parsing.office.drawings import drawing_lines
from ingestion.parsing.office.elements import Characters, Enough, Walk, is_on, whole
from ingestion.parsing.office.flat_package import package_of
from ingestion.parsing.office.number_formats import Format, built_in, format_of
from ingestion.parsing.office.pictures import write_pictures
from ingestion.parsing.office.writing import TITLE_LEVEL, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.package import Package
    from ingestion.parsing.types import Extract

# Days between the beginning of common files and that of old ones for the Macintosh.
SHIFT_1904 = 1462

SKIPPED = frozenset({"s:rPh", "s:phoneticPr", "s:authors"})


@kinds.reads(kinds.XLSX)
def read_sheets(data: bytes, mime: str) -> Extract:
    """A spreadsheet, sheet by sheet, hidden ones too: their rows, comments and drawings."""
    package, writer = package_of(data), Writer()
    book = Book(package)
    with suppress(Enough):
        for name, part in book.sheets:
            writer.write_heading(name, TITLE_LEVEL)
            if package.is_new(part):
                write_sheet(book, name, part, writer)
        write_pictures_instead(package, book.sheets, writer)
    return writer.extract(package.title())


def write_sheet(book: Book, name: str, part: str, writer: Writer) -> None:
    """Write a sheet, and below it what hangs at it."""
    Cells(book, writer, name).read(part)
    write_attached(book.package, part, writer, read_comments)


def write_pictures_instead(
    package: Package, sheets: Sequence[tuple[str, str]], writer: Writer
) -> None:
    """Write what is recognised in the pictures of sheets when no cell of any says something."""
    if writer.rows:
        return
    drawings = dict.fromkeys(
        drawing
        for part in dict.fromkeys(part for _, part in sheets)
        for drawing in package.parts(part, "drawing")
    )
    pictures = [picture for one in drawings for picture in package.parts(one, "image")]
    write_pictures(package, pictures, writer)


def write_attached(
    package: Package, part: str, writer: Writer, comments_of: Callable[[Package, str], list[str]]
) -> None:
    """Write the comments and the drawings that hang at a sheet."""
    for relation in package.relations(part):
        if relation.kind == "comments":
            for line in comments_of(package, relation.target):
                writer.write(line, close=True)
        elif relation.kind == "drawing":
            write_drawing(package, relation.target, writer)


def write_drawing(package: Package, part: str, writer: Writer) -> None:
    """Write the texts of shapes and charts."""
    charts = [one.target for one in package.relations(part) if one.kind == "chart"]
    for target in (part, *charts):
        writer.set_apart()
        for line in drawing_lines(package, target):
            writer.write(line, close=True)


class Book:
    """What the sheets of a file have in common."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.shift = 0
        self.sheets: list[tuple[str, str]] = []
        self.codes: dict[str, str] = {}
        self.formats: list[Format] = []
        self.main = package.main_part()
        relations = package.relations(self.main)
        self.targets = {one.id: one.target for one in relations}
        parts = {one.kind: one.target for one in reversed(relations)}
        Walk({"s:workbookPr": self.take_properties, "s:sheet": self.take_sheet}).through(
            package.open(self.main)
        )
        if package.holds(parts.get("styles", "")):
            Walk(
                {"s:numFmt": self.take_code, "s:xf": self.take_format},
                skipped=frozenset({"s:cellStyleXfs", "s:dxfs"}),
            ).through(package.open(parts["styles"]))
        texts = parts.get("sharedStrings", "")
        self.texts = read_shared_texts(package.open(texts)) if package.holds(texts) else []

    def take_properties(self, attributes: Attributes) -> None:
        """Where days are counted from."""
        is_1904 = "date1904" in attributes and is_on(attributes["date1904"])
        self.shift = SHIFT_1904 if is_1904 else 0

    def take_sheet(self, attributes: Attributes) -> None:
        """A sheet: its name and its part."""
        part = self.targets.get(attributes.get("r:id", ""), "")
        self.sheets.append((attributes.get("name", ""), part))

    def take_code(self, attributes: Attributes) -> None:
        """A number format of the file's own."""
        self.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")

    def take_format(self, attributes: Attributes) -> None:
        """The number format of a style, in the order of the styles."""
        number = attributes.get("numFmtId", "0")
        code = self.codes.get(number)
        self.formats.append(built_in(whole(number) or 0) if code is None else format_of(code))


def read_comments(package: Package, part: str) -> list[str]:
    """The comments of a part, each with its cell."""
    found: list[str] = []
    characters = Characters("s:t")
    cell = ""

    def start(attributes: Attributes) -> None:
        nonlocal cell
        cell = attributes.get("ref", "")
        characters.pop()

    def keep() -> None:
        if text := " ".join(characters.pop().split()):
            found.append(f"[Comment, {cell}: {text}]")

    if package.is_new(part):
        Walk(
            {"s:comment": start, **characters.starts()},
            {"s:comment": keep, **characters.ends()},
            characters.take,
            skipped=SKIPPED,
        ).through(package.open(part))
    return found
