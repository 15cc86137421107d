"""Finding out what a file is: its bytes decide, its name breaks ties."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

import olefile

from ingestion.parsing import kinds
from ingestion.parsing.decoding import PADDING, decode
from ingestion.parsing.guessing import escaped_encoding, wide_encoding
from ingestion.parsing.mail.headers import is_mailbox, without_size
from ingestion.parsing.media import check_speech, kind_of_image
from ingestion.parsing.one_piece import kind_in_one_piece
from ingestion.parsing.refusing import ITS_OWN_PROGRAM, refusal, refuse_by_beginning, refuse_by_name
from ingestion.parsing.signatures import is_signed
from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import ENCRYPTED, LARGEST_RATIO, SMALL_UNPACKED

if TYPE_CHECKING:
    from ingestion.parsing.kinds import Kind

# What a zip-based file may unpack to; the parser has to hold it.
LARGEST_UNPACKED = 500_000_000

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE_STREAMS = (
    ("WordDocument", kinds.DOC),
    ("__properties_version1.0", kinds.MSG),
    ("PowerPoint Document", kinds.PPT),
    ("Workbook", kinds.XLS),
    ("Book", kinds.XLS),
)
# Possessive, or the comments of a file that is no page could be divided up in 2^n ways.
WEB_PAGE = re.compile(
    rb"\A\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--.*?-->\s*+)*+<(?:!doctype\s+html|html)\b", re.I | re.S
)
HEADER = re.compile(rb"\A[\w-]++:\s")
MAIL = (
    re.compile(rb"^From:\s", re.I | re.M),
    re.compile(rb"^(?:To|Received|Date):\s", re.I | re.M),
)
# A page with its pictures; Confluence and Word write it where a document of theirs is promised.
SAVED_PAGE = re.compile(rb"^Content-Type:\s++multipart/related\b", re.I | re.M)
# Programs that export to Excel write what it reads besides: values between separators.
SHEETS = {kinds.XLS, kinds.XLSX, kinds.XLSB}
# Calendars and contacts are written in one way, and programs mistake their names.
COMPONENT = re.compile(rb"\A\s*+BEGIN:(VCALENDAR|VCARD)\b", re.I)
COMPONENTS = {b"VCALENDAR": kinds.ICALENDAR, b"VCARD": kinds.VCARD}
POSSIBLE_COMPONENTS = {None, kinds.ICALENDAR, kinds.VCARD}
# Archives of mailing lists are called texts.
POSSIBLE_MAILBOXES = {None, kinds.MBOX, kinds.EML, kinds.TEXT}
# Control characters no text has; the bell, tab, line and page feeds and escape are left out.
CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})


def kind_of(data: bytes, name: str, mime: str = "") -> Kind:
    """The format of a file; raises `ParseFailed` with a sentence when it is none that is read."""
    if not data.strip(b"\x00 \t\r\n"):
        raise ParseFailed("empty_file", "The file is empty.")
    refuse_by_name(name)
    refuse_by_beginning(data)
    check_speech(data)
    # Before what is looked for anywhere: the first file of an archive may be a PDF.
    if (found := kind_of_packed(data) or kind_of_image(data)) is not None:
        return found
    if b"%PDF-" in data[:1024]:
        return kinds.PDF
    if data.startswith(b"PK\x03\x04"):
        return kind_of_zip(data, kinds.promised(name, mime))
    if data.startswith(OLE):
        return kind_of_ole(data)
    if data.startswith(b"{\\rtf"):
        return kinds.RTF
    return kind_of_text(data, kinds.promised(name, mime))


def kind_of_packed(data: bytes) -> Kind | None:
    """The kind of file with files in it, other than zip, that this begins like."""
    for start, kind in kinds.BY_START:
        if data.startswith(start):
            return kind
    if is_signed(data):
        return kinds.SIGNED
    return kinds.TAR if data[257:262] == b"ustar" else None


def kind_of_text(data: bytes, promise: Kind | None) -> Kind:
    """The format of something that should be characters."""
    if is_binary(data):
        label = promise.label if promise else "a file of a known type"
        raise ParseFailed("damaged_file", f"This is not {label}, or it is damaged.")
    head = beginning(data)
    if WEB_PAGE.match(head):
        return kinds.HTML
    if (kind := kind_in_one_piece(data, head)) is not None:
        return kind
    if promise in POSSIBLE_MAILBOXES and is_mailbox(head):
        return kinds.MBOX
    if promise is kinds.MSG or (promise is None and is_mail(head)):
        return kinds.EML
    return kind_of_other_text(head, promise)


def kind_of_other_text(head: bytes, promise: Kind | None) -> Kind:
    """The format of a text that does not say it itself: by its name, if that promises a text."""
    if promise in POSSIBLE_COMPONENTS and (found := COMPONENT.match(head)):
        return COMPONENTS[found[1].upper()]
    if promise in kinds.CHARACTERS and promise is not kinds.RTF:
        return promise
    if promise is not None and HEADER.match(head) and SAVED_PAGE.search(head):
        return kinds.MHTML
    if head.lstrip().startswith(b"<?xml"):
        return kinds.XML
    return kinds.CSV if promise in SHEETS else kinds.TEXT


def beginning(data: bytes) -> bytes:
    """The first bytes of a text as letters of one byte, without a mark."""
    head = data[:4096]
    return decode(head).text.encode() if is_wide(head) else head.removeprefix(codecs.BOM_UTF8)


def is_wide(data: bytes) -> bool:
    """Whether a text is made of units of two or four bytes."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    return marked or bool(wide_encoding(data))


def is_mail(head: bytes) -> bool:
    """Whether something without a telling name begins like a message."""
    head = without_size(head)
    return bool(HEADER.match(head)) and all(line.search(head) for line in MAIL)


def is_binary(data: bytes) -> bool:
    """Whether the beginning holds more control characters than any text."""
    head = data[:65536]
    if 0 in head:
        head = PADDING.sub(b"", head)
    if is_wide(data) or escaped_encoding(head):
        return False
    return len(head) - len(head.translate(None, CONTROLS)) > max(1, len(head) // 100)


def kind_of_zip(data: bytes, promised: Kind | None) -> Kind:
    """The format of a zip-based document; refuses bombs, locked and cut-off files.

    What calls itself a document and has not the parts of one is no archive, but damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            kind = kind_of_entries(entries, media_type(archive, entries))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error
    if kind is kinds.ZIP and promised in kinds.ZIP_DOCUMENTS:
        raise ParseFailed("damaged_file", "The file is damaged, or not what its name says.")
    if kind is not kinds.ZIP:
        check_entries(entries, len(data))
    return kind


def kind_of_entries(entries: list[zipfile.ZipInfo], media: bytes) -> Kind:
    """The format that the names inside a zip file tell; raises `ParseFailed` for unread ones."""
    if (kind := kinds.of_media(media)) is not None:
        return kind
    # Some programs of Windows write them as paths are written there.
    names = {entry.filename.replace("\\", "/") for entry in entries}
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names:
            return kinds.XLSB
        for folder, kind in kinds.OFFICE_FOLDERS.items():
            if any(name.startswith(f"{folder}/") for name in names):
                return kind
    if not names.isdisjoint(kinds.ITS_OWN_ZIPS):
        raise ITS_OWN_PROGRAM.failure()
    for name, label in kinds.REFUSED_ZIPS:
        if name in names:
            raise refusal(label)
    return kinds.ZIP


def media_type(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> bytes:
    """The type that OpenDocument and EPUB files name inside."""
    own = next((entry for entry in entries if entry.filename == "mimetype"), None)
    if own is None or own.file_size > 200 or own.flag_bits & 1:  # noqa: PLR2004 -- a type's name
        return b""
    return archive.read("mimetype")


def check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what is locked or would unpack to more than the parser can hold."""
    if any(entry.flag_bits & 1 for entry in entries):
        raise ENCRYPTED.failure()
    unpacked = sum(entry.file_size for entry in entries)
    bomb = unpacked > SMALL_UNPACKED and unpacked > size * LARGEST_RATIO
    if bomb or unpacked > LARGEST_UNPACKED:
        raise ParseFailed("too_large_inside", "The file unpacks to more data than can be read.")


def kind_of_ole(data: bytes) -> Kind:
    """The format of an older Microsoft file; refuses locked ones."""
    # A damaged file shows no names. Elsewhere they may belong to what is attached or embedded.
    names = outermost_names(data)
    if is_named("EncryptedPackage", names, data):
        raise ENCRYPTED.failure()
    for stream, kind in OLE_STREAMS:
        if is_named(stream, names, data):
            return kind
    raise ParseFailed("unsupported_type", "This is a Microsoft file of a type that is not read.")


def outermost_names(data: bytes) -> set[str]:
    """The names in the outermost folder; none when the file is damaged."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return {entry.name for entry in ole.root.kids}
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways
        return set()


def is_named(stream: str, names: set[str], data: bytes) -> bool:
    """Whether a stream is among the outermost names, or anywhere when these are not known."""
    return stream in names if names else stream.encode("utf-16-le") in data
