"""Walking through an XML part once, without keeping it in memory."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Attributes = dict[str, str]
    Starts = Mapping[str, Callable[[Attributes], None]]
    Ends = Mapping[str, Callable[[], None]]

BLOCK = 65_536
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
LINE_ENDS = {0x0A, 0x0B}
# Where the namespaces of common and of strict files begin; the rest is the same but for a year.
OOXML = ("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/")
OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = {
    "wordprocessingml/main": "w",
    "presentationml/main": "p",
    "spreadsheetml/main": "s",
    "drawingml/main": "a",
    "drawingml/chart": "c",
    "drawingml/diagram": "dgm",
    "officeDocument/math": "m",
    "officeDocument/relationships": "r",
    "package/relationships": "rel",
    "markup-compatibility": "mc",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/2000/svg": "svg",
    "http://www.w3.org/1998/Math/MathML": "math",
    "urn:schemas-microsoft-com:office:spreadsheet": "ss",
    "urn:schemas-microsoft-com:office:office": "o",
    "http://schemas.microsoft.com/office/word/2003/wordml": "w",
    "http://schemas.microsoft.com/aml/2001/core": "aml",
    "http://www.w3.org/1999/xhtml": "html",
    "svg-compatible": "svg",
    **{name: name for name in ("office", "text", "table", "style", "presentation", "form", "meta")},
    "drawing": "draw",
}


class Enough(Exception):
    """As much text was gathered as is stored; the rest of the file is not looked at."""


class Walk:
    """Calls functions for the elements of a part, by names such as `w:p`, and for its text.

    What stands in an element of `skipped` is passed over, the element included. Attributes have
    the names of their elements, `w:val`, or none before the colon.
    """

    def __init__(
        self,
        starts: Starts,
        ends: Ends | None = None,
        text: Callable[[str], None] | None = None,
        *,
        skipped: frozenset[str] = frozenset(),
    ) -> None:
        self.starts = starts
        self.ends = ends or {}
        self.skipped = skipped
        self.depth_skipped = 0
        self.names: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        # A document type may be named, as old files do; it is never fetched.
        self.parser.EntityDeclHandler = refuse_declarations
        self.parser.AttlistDeclHandler = refuse_declarations
        self.parser.ElementDeclHandler = refuse_declarations
        if text:
            self.tell_text = text
            self.parser.CharacterDataHandler = self.characters

    def through(self, stream: IO[bytes], *, block_size: int = BLOCK) -> None:
        """Walk to the end; raises `ParseFailed` when the part is damaged."""
        try:
            while block := stream.read(block_size):
                self.parser.Parse(block)
            self.parser.Parse(b"", True)  # noqa: FBT003 -- expat's own way to say that it is the end
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error

    def start(self, tag: str, attributes: Attributes) -> None:
        """What expat calls where an element begins."""
        name = self.names.get(tag) or self.name_of(tag)
        if self.depth_skipped or name in self.skipped:
            self.depth_skipped += 1
        elif tell := self.starts.get(name):
            names = self.names
            tell({names.get(key) or self.name_of(key): attributes[key] for key in attributes})

    def skip(self) -> None:
        """Pass over the element whose start is told at the moment, its end included."""
        self.depth_skipped = 1

    def end(self, tag: str) -> None:
        """What expat calls where an element ends."""
        if self.depth_skipped:
            self.depth_skipped -= 1
        elif tell := self.ends.get(self.names[tag]):
            tell()

    def characters(self, text: str) -> None:
        """What expat calls with text."""
        if not self.depth_skipped:
            self.tell_text(text)

    def name_of(self, tag: str) -> str:
        """The short name of an element or attribute, remembered."""
        namespace, _, local = tag.rpartition(" ")
        name = f"{NAMESPACES.get(told(namespace), '?')}:{local}" if namespace else local
        self.names[tag] = name
        return name


class Alternatives:
    """Passes over all but the first of several ways to show the same content."""

    def __init__(self, skip: Callable[[], None]) -> None:
        self.skip = skip
        self.has_chosen: list[bool] = []

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "mc:AlternateContent": lambda _: self.has_chosen.append(False),
            "mc:Choice": self.start_choice,
            "mc:Fallback": self.start_choice,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {"mc:AlternateContent": self.end_alternatives}

    def start_choice(self, attributes: Attributes) -> None:
        """One way; only the first is taken."""
        if self.has_chosen and self.has_chosen[-1]:
            self.skip()
        elif self.has_chosen:
            self.has_chosen[-1] = True

    def end_alternatives(self) -> None:
        """No more ways."""
        self.has_chosen.pop()


class Characters:
    """Gathers the text in elements of some names, and only that."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.pieces: list[str] = []
        self.is_text = False

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return dict.fromkeys(self.names, self.start_text)

    def ends(self) -> Ends:
        """What to call where they end."""
        return dict.fromkeys(self.names, self.end_text)

    def start_text(self, attributes: Attributes) -> None:
        """Characters follow."""
        self.is_text = True

    def end_text(self) -> None:
        """They end."""
        self.is_text = False

    def take(self, text: str) -> None:
        """Keep characters when they are text."""
        if self.is_text:
            self.pieces.append(text)

    def pop(self) -> str:
        """What was gathered since the last time."""
        text = unescaped("".join(self.pieces))
        self.pieces.clear()
        return text


def told(namespace: str) -> str:
    """What a namespace says, without who says it and in which edition."""
    if namespace.startswith(OPEN_DOCUMENT):
        return namespace.removeprefix(OPEN_DOCUMENT).rpartition(":")[0]
    for start in OOXML:
        if namespace.startswith(start):
            return namespace.removeprefix(start).replace("/2006", "")
    return namespace


def refuse_declarations(*declared: object) -> None:
    """Office files declare nothing; who does wants a little to become much, or other files."""
    raise ParseFailed("damaged_file", "The file declares entities, which are not read.")


def unescaped(text: str) -> str:
    """The text with characters that Office writes as `_x000B_`, as XML has none of them."""
    return ESCAPED.sub(lambda found: shown(int(found.group(1), 16)), text) if "_x" in text else text


def shown(code: int) -> str:
    """A character that may be in a text; line ends are one kind, others are left out."""
    if code in LINE_ENDS:
        return "\n"
    is_character = code >= ord(" ") or code == ord("\t")
    return chr(code) if is_character and not 0xD800 <= code <= 0xDFFF else ""  # noqa: PLR2004 -- halves


def is_on(value: str | None) -> bool:
    """What a switch says; one without a value is on."""
    return value not in {"0", "false", "off"}


def whole(text: str | None) -> int | None:
    """A number; none when it is not one, or of more digits than any such number has."""
    if text is None or len(text) > 9 or not text.lstrip("-").isdecimal():  # noqa: PLR2004
        return None
    return int(text) if text.count("-") <= 1 else None
