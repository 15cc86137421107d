"""The parts of a zipped document, and the relations that lead from one to the next."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from ingestion.parsing.office.elements import Walk
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes


@dataclass(frozen=True, slots=True)
class Relation:
    """What leads from a part to another: the last word of its type, and the other's name."""

    id: str
    kind: str
    target: str


class Package:
    """A zip file of parts; their names are compared without regard to case, as Office does."""

    def __init__(self, data: bytes) -> None:
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error
        self.entries = {plain(entry.filename): entry for entry in self.archive.infolist()}
        self.seen: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether there is such a part."""
        return plain(name) in self.entries

    def open(self, name: str) -> IO[bytes]:
        """The content of a part; raises `ParseFailed` when it is missing."""
        try:
            return self.archive.open(self.entries[plain(name)])
        except (KeyError, ValueError, zipfile.BadZipFile, RuntimeError) as error:
            raise ParseFailed("damaged_file", "A part of the file is missing.") from error

    def is_new(self, name: str) -> bool:
        """Whether there is such a part that was not asked for before: each is read once.

        A small file could name a large part as often as it likes.
        """
        is_new = self.holds(name) and plain(name) not in self.seen
        self.seen.add(plain(name))
        return is_new

    def read(self, name: str, most: int = -1) -> bytes:
        """A part, or so many bytes of it; empty when missing, raises `ParseFailed` when damaged."""
        if not self.holds(name):
            return b""
        try:
            return self.open(name).read(most)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error

    def says(self, name: str, words: bytes) -> bool:
        """Whether a part has these words somewhere; one that is missing says nothing."""
        return words in self.read(name)

    def relations(self, source: str = "") -> list[Relation]:
        """Where a part leads to within the file; without a name, where the file begins."""
        folder, _, name = source.rpartition("/")
        where = posixpath.join(folder, "_rels", f"{name}.rels")
        found: list[Relation] = []

        def take(attributes: Attributes) -> None:
            if attributes.get("TargetMode") != "External":
                target = unquote(attributes.get("Target", ""))
                kind = attributes.get("Type", "").rpartition("/")[2]
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found.append(Relation(attributes.get("Id", ""), kind, path))

        if self.holds(where):
            Walk({"rel:Relationship": take}).through(self.open(where))
        return found

    def parts(self, source: str, kind: str) -> list[str]:
        """The names of the parts of a kind that a part leads to."""
        return [one.target for one in self.relations(source) if one.kind == kind]

    def main_part(self) -> str:
        """The name of the part that holds the document; raises `ParseFailed` without one."""
        for relation in self.relations():
            if relation.kind == "officeDocument":
                return relation.target
        raise ParseFailed("damaged_file", "A part of the file is missing.")

    def title(self, part: str = "docProps/core.xml", name: str = "dc:title") -> str:
        """The title that the properties of the file name; none when they are damaged."""
        pieces: list[str] = []
        gathered: list[str] = []
        walk = Walk(
            {name: lambda _: gathered.clear()},
            {name: lambda: pieces.extend(gathered)},
            gathered.append,
        )
        with suppress(ParseFailed):
            walk.through(self.open(part))
        return " ".join("".join(pieces).split())


def plain(name: str) -> str:
    """The name of a part as it is compared."""
    return name.replace("\\", "/").lstrip("/").lower()
