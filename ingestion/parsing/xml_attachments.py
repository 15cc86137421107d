"""Files that are attached to electronic invoices of XML: FatturaPA, UBL and CII (EN 16931)."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.elements import Walk
from ingestion.parsing.sentences import FILES_IN_TEXT, attachment_refused
from ingestion.parsing.types import Extract, ParseFailed
from ingestion.parsing.unpacking import DAMAGED, tidy

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.unpacking import Unpacking

# What an invoice with attachments has somewhere; others are not looked through.
MARK = re.compile(rb"<(?:\w{1,20}:)?(?:Allegati|\w{1,20}BinaryObject)\b")
# Of FatturaPA: a file, and its name, its format and its content within.
FILE, NAME, FORMAT, CONTENT = "Allegati", "NomeAttachment", "FormatoAttachment", "Attachment"
# Of UBL and CII: the content, with what it is called and of which type.
OBJECTS = {"EmbeddedDocumentBinaryObject", "AttachmentBinaryObject"}
LONGEST_FORMAT = 10


@kinds.unpacks(kinds.XML)
def unpack_xml(data: bytes, name: str, into: Unpacking) -> Extract:
    """A file of XML; what is attached to an invoice comes out."""
    notes = hand_out(data, into)
    found = kinds.readers[kinds.XML.mime](data, kinds.XML.mime)
    kept = [note for note in found.notes if note != FILES_IN_TEXT or not into.members]
    found.notes = [*kept, *notes]
    return found


def hand_out(data: bytes, into: Unpacking) -> list[str]:
    """Let attached files come out; a sentence about the one after which there are too many."""
    if not MARK.search(data):
        return []
    attachments = Attachments(into)
    try:
        attachments.through(io.BytesIO(data))
    except TooMany as error:
        return [attachment_refused(attachments.file_name(), str(error))]
    except ParseFailed:
        # Damaged XML is text all the same.
        return []
    return []


class TooMany(Exception):
    """All files together are more than may come out."""


class Attachments(Walk):
    """Hands out each file where its content ends."""

    def __init__(self, into: Unpacking) -> None:
        super().__init__({}, text=self.take)
        self.into = into
        self.in_file = False
        self.said: dict[str, str] = {}
        self.mime = ""
        # Of the element that is read, when it is one of these.
        self.gathered: list[str] | None = None

    def start(self, tag: str, attributes: Attributes) -> None:
        """An element begins."""
        name = tag.rpartition(" ")[2]
        if name in OBJECTS:
            self.said = {NAME: attributes.get("filename", "")}
            self.mime = attributes.get("mimeCode", "")
        elif name == FILE:
            self.in_file, self.said, self.mime = True, {}, ""
        is_wanted = name in OBJECTS or (self.in_file and name in {NAME, FORMAT, CONTENT})
        self.gathered = [] if is_wanted else None

    def end(self, tag: str) -> None:
        """An element ends."""
        name = tag.rpartition(" ")[2]
        gathered, self.gathered = self.gathered, None
        if name == FILE:
            self.in_file = False
        elif gathered is not None and name in {NAME, FORMAT}:
            self.said[name] = "".join(gathered)
        elif gathered is not None:
            self.add("".join(gathered))

    def take(self, text: str) -> None:
        """Keep characters of these elements."""
        if self.gathered is not None:
            self.gathered.append(text)

    def add(self, encoded: str) -> None:
        """Let a file come out; raises `TooMany`."""
        name = self.file_name()
        try:
            content = base64.b64decode(encoded)
        except ValueError:
            content = None
        try:
            if content is None:
                self.into.refuse(name, DAMAGED)
            else:
                self.into.add(name, [content], mime=self.mime, attached=True)
        except ParseFailed as error:
            raise TooMany(error.detail) from error

    def file_name(self) -> str:
        """What the file is called, with the ending of its format when it has none."""
        given = " ".join(self.said.get(NAME, "").split())
        name = tidy(given.replace("\\", "/").rpartition("/")[2] or "attachment")
        form = "".join(self.said.get(FORMAT, "").split()).strip(".").lower()
        is_ending = form.isalnum() and len(form) <= LONGEST_FORMAT
        return f"{name}.{form}" if is_ending and "." not in name else name
