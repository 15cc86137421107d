"""Office files in one piece of XML ("Flat OPC"): each part is cut out of it, as it stands there."""

from __future__ import annotations

import base64
import codecs
import io
from typing import IO, TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import quoteattr

from ingestion.parsing.office.elements import Walk
from ingestion.parsing.office.package import Package, plain
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes

FLAT = "http://schemas.microsoft.com/office/2006/xmlPackage"
# They are put around every part that is read.
MOST_NAMES, LONGEST_NAME = 64, 300
ZIP_BEGINNING = b"PK"
DECLARATION, DECLARATION_END = b"<?xml", b"?>"


class Cut(NamedTuple):
    """Where a part begins and ends in the file; one in base64 begins with its tag."""

    start: int
    end: int
    is_base64: bool = False


class Slices(Walk):
    """Finds the elements at a depth, which are parts of their own, and the names declared above."""

    depth_of_parts = 0

    def __init__(self, data: bytes) -> None:
        super().__init__({})
        self.parser.StartNamespaceDeclHandler = self.declare
        self.found: dict[str, Cut] = {}
        self.namespaces: dict[str, str] = {}
        self.depth = self.begin = 0
        self.name = ""
        self.through(io.BytesIO(data))

    def declare(self, prefix: str | None, address: str) -> None:
        """A name for a namespace, told before the element that declares it."""
        name = f"xmlns:{prefix}" if prefix else "xmlns"
        is_around = self.depth + 1 < self.depth_of_parts
        if is_around and len(self.namespaces) < MOST_NAMES and len(name + address) < LONGEST_NAME:
            self.namespaces[name] = address

    def start(self, tag: str, attributes: Attributes) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth < self.depth_of_parts:
            self.start_around(tag, attributes)
        elif self.depth == self.depth_of_parts:
            self.start_part(tag)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if self.depth + 1 < self.depth_of_parts:
            self.end_around(tag)

    def start_around(self, tag: str, attributes: Attributes) -> None:
        """An element around parts begins."""

    def end_around(self, tag: str) -> None:
        """An element around parts ends, and the last part in it."""
        self.end_part()

    def start_part(self, tag: str) -> None:
        """A part begins, and the one before ends."""
        self.end_part()
        self.begin = self.parser.CurrentByteIndex

    def end_part(self, *, is_base64: bool = False) -> None:
        """Keep where a part stands."""
        if self.begin:
            cut = Cut(self.begin, self.parser.CurrentByteIndex, is_base64)
            self.found.setdefault(plain(self.name), cut)
        self.begin = 0


class PackageSlices(Slices):
    """The parts of a package: `pkg:part` names one, `pkg:xmlData` or `pkg:binaryData` hold it."""

    depth_of_parts = 4

    def start_around(self, tag: str, attributes: Attributes) -> None:
        """A part is named; one in base64 has no elements."""
        if tag == f"{FLAT} part":
            self.name = attributes.get(f"{FLAT} name", "")
        elif tag == f"{FLAT} binaryData":
            self.begin = self.parser.CurrentByteIndex

    def end_around(self, tag: str) -> None:
        """What holds a part ends."""
        self.end_part(is_base64=tag == f"{FLAT} binaryData")


class FlatPackage(Package):
    """The parts of a file that is one piece of XML."""

    def __init__(self, data: bytes, slices: type[Slices] = PackageSlices) -> None:
        self.data = data.removeprefix(codecs.BOM_UTF8)
        found = slices(self.data)
        self.cuts, self.namespaces = found.found, found.namespaces
        self.seen: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether there is such a part."""
        return plain(name) in self.cuts

    def open(self, name: str) -> IO[bytes]:
        """The content of a part; raises `ParseFailed` when it is missing or damaged."""
        cut = self.cuts.get(plain(name))
        if cut is None:
            raise ParseFailed("damaged_file", "A part of the file is missing.")
        content = self.data[cut.start : cut.end]
        return io.BytesIO(decoded(content) if cut.is_base64 else self.wrapped(content))

    def wrapped(self, content: bytes) -> bytes:
        """Elements in one that declares what those around did, in the encoding of the file."""
        is_declared = self.data.startswith(DECLARATION)
        declaration = self.data[: self.data.find(DECLARATION_END) + 2] if is_declared else b""
        names = "".join(f" {name}={quoteattr(self.namespaces[name])}" for name in self.namespaces)
        return declaration + f"<part{names}>".encode() + content + b"</part>"


def decoded(content: bytes) -> bytes:
    """What stands in base64 behind a tag; raises `ParseFailed` for what is none."""
    try:
        return base64.b64decode(content.partition(b">")[2])
    except ValueError as error:
        raise ParseFailed("damaged_file", "A part of the file is damaged.") from error


def package_of(data: bytes) -> Package:
    """The parts of a file, in whichever way they were put together."""
    return Package(data) if data.startswith(ZIP_BEGINNING) else FlatPackage(data)
