"""Which formats are read, by name and by what the bytes say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.types import Extract
    from ingestion.parsing.unpacking import Unpacking

    Reader = Callable[[bytes, str], Extract]
    Unpacker = Callable[[bytes, str, Unpacking], Extract]

OPEN_XML = "application/vnd.openxmlformats-officedocument"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument"


@dataclass(frozen=True, slots=True)
class Kind:
    """A file format: its type, and what people call it."""

    mime: str
    label: str


PDF = Kind("application/pdf", "a PDF")
DOCX = Kind(f"{OPEN_XML}.wordprocessingml.document", "a Word document")
PPTX = Kind(f"{OPEN_XML}.presentationml.presentation", "a PowerPoint file")
XLSX = Kind(f"{OPEN_XML}.spreadsheetml.sheet", "an Excel file")
XLSB = Kind("application/vnd.ms-excel.sheet.binary.macroEnabled.12", "an Excel file")
XML_SHEETS = Kind("application/xml-spreadsheet", "an Excel file")
EPUB = Kind("application/epub+zip", "an EPUB book")
ODT = Kind(f"{OPEN_DOCUMENT}.text", "an OpenDocument text")
ODS = Kind(f"{OPEN_DOCUMENT}.spreadsheet", "an OpenDocument spreadsheet")
ODP = Kind(f"{OPEN_DOCUMENT}.presentation", "an OpenDocument presentation")
DOC = Kind("application/msword", "a Word document")
# It begins as that of the other old files of Word does.
WORD_XML = Kind("application/msword-xml", "a Word document")
XLS = Kind("application/vnd.ms-excel", "an Excel file")
PPT = Kind("application/vnd.ms-powerpoint", "a PowerPoint file")
RTF = Kind("application/rtf", "an RTF document")
EML = Kind("message/rfc822", "an e-mail")
MBOX = Kind("application/mbox", "a mailbox")
MSG = Kind("application/vnd.ms-outlook", "an Outlook message")
TNEF = Kind("application/vnd.ms-tnef", "a winmail.dat file of Outlook")
HTML = Kind("text/html", "a web page")
MHTML = Kind("multipart/related", "a web page")
MARKDOWN = Kind("text/markdown", "a Markdown file")
JSON = Kind("application/json", "a JSON file")
JSON_LINES = Kind("application/x-ndjson", "a file of JSON lines")
GEOJSON = Kind("application/geo+json", "a GeoJSON file")
NOTEBOOK = Kind("application/x-ipynb+json", "a notebook")
XML = Kind("application/xml", "an XML file")
YAML = Kind("application/yaml", "a YAML file")
TOML = Kind("application/toml", "a TOML file")
PROPERTIES = Kind("text/x-java-properties", "a properties file")
CSV = Kind("text/csv", "a CSV table")
TSV = Kind("text/tab-separated-values", "a table")
SRT = Kind("application/x-subrip", "a file of subtitles")
VTT = Kind("text/vtt", "a file of subtitles")
ICALENDAR = Kind("text/calendar", "a calendar")
VCARD = Kind("text/vcard", "a file of contacts")
LATEX = Kind("text/x-tex", "a LaTeX document")
TEXT = Kind("text/plain", "a text file")
ZIP = Kind("application/zip", "a compressed archive")
TAR = Kind("application/x-tar", "an archive")
GZIP = Kind("application/gzip", "a compressed archive")
BZIP2 = Kind("application/x-bzip2", "a compressed archive")
XZ = Kind("application/x-xz", "a compressed archive")
ZSTD = Kind("application/zstd", "a compressed archive")
SEVEN_ZIP = Kind("application/x-7z-compressed", "a compressed archive")
SIGNED = Kind("application/pkcs7-mime", "a signed file")
PNG = Kind("image/png", "an image")
JPEG = Kind("image/jpeg", "an image")
TIFF = Kind("image/tiff", "an image")
WEBP = Kind("image/webp", "an image")
BMP = Kind("image/bmp", "an image")
GIF = Kind("image/gif", "an image")
HEIC = Kind("image/heic", "an image")
AVIF = Kind("image/avif", "an image")
IMAGES = (PNG, JPEG, TIFF, WEBP, BMP, GIF, HEIC, AVIF)

BY_ENDING = {
    "pdf": PDF,
    "docx": DOCX,
    "docm": DOCX,
    "dotx": DOCX,
    "dotm": DOCX,
    "pptx": PPTX,
    "pptm": PPTX,
    "ppsx": PPTX,
    "ppsm": PPTX,
    "potx": PPTX,
    "potm": PPTX,
    "xlsx": XLSX,
    "xlsm": XLSX,
    "xltx": XLSX,
    "xltm": XLSX,
    "xlsb": XLSB,
    "epub": EPUB,
    "odt": ODT,
    "fodt": ODT,
    "ott": ODT,
    "ods": ODS,
    "fods": ODS,
    "ots": ODS,
    "odp": ODP,
    "fodp": ODP,
    "otp": ODP,
    "doc": DOC,
    "xls": XLS,
    "ppt": PPT,
    "rtf": RTF,
    "eml": EML,
    "emlx": EML,
    "mbox": MBOX,
    "mbx": MBOX,
    "msg": MSG,
    "tnef": TNEF,
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
    "mhtml": MHTML,
    "mht": MHTML,
    "md": MARKDOWN,
    "markdown": MARKDOWN,
    "json": JSON,
    "json5": JSON,
    "jsonc": JSON,
    "webmanifest": JSON,
    "jsonl": JSON_LINES,
    "ndjson": JSON_LINES,
    "geojson": GEOJSON,
    "ipynb": NOTEBOOK,
    "xml": XML,
    "xsd": XML,
    "xsl": XML,
    "rss": XML,
    "atom": XML,
    "kml": XML,
    "gpx": XML,
    "xlf": XML,
    "yaml": YAML,
    "yml": YAML,
    "toml": TOML,
    "properties": PROPERTIES,
    "csv": CSV,
    "tsv": TSV,
    "tex": LATEX,
    "ics": ICALENDAR,
    "ical": ICALENDAR,
    "vcs": ICALENDAR,
    "vcf": VCARD,
    "vcard": VCARD,
    "srt": SRT,
    "vtt": VTT,
    "zip": ZIP,
    "tar": TAR,
    "gz": GZIP,
    "tgz": GZIP,
    "bz2": BZIP2,
    "tbz2": BZIP2,
    "xz": XZ,
    "txz": XZ,
    "zst": ZSTD,
    "7z": SEVEN_ZIP,
    "p7m": SIGNED,
    "svg": XML,
    "png": PNG,
    "jpg": JPEG,
    "jpeg": JPEG,
    "jpe": JPEG,
    "tif": TIFF,
    "tiff": TIFF,
    "webp": WEBP,
    "bmp": BMP,
    "gif": GIF,
    "heic": HEIC,
    "heif": HEIC,
    "avif": AVIF,
}
# Formats made of characters; any other name promises a binary file.
CHARACTERS = {
    *(HTML, MHTML, MARKDOWN, CSV, TSV, TEXT, EML, MBOX, RTF, SRT, VTT, LATEX, ICALENDAR, VCARD),
    *(JSON, JSON_LINES, GEOJSON, NOTEBOOK, XML, YAML, TOML, PROPERTIES),
}
BY_MIME = {kind.mime.lower(): kind for kind in (*BY_ENDING.values(), TEXT)} | {
    "application/jsonl": JSON_LINES,
    "application/ld+json": JSON,
    "text/xml": XML,
    # As a picture it could hold programs; it is text, of which the words are read.
    "image/svg+xml": XML,
    "text/x-vcalendar": ICALENDAR,
    "text/x-vcard": VCARD,
    "text/directory": VCARD,
    **{f"{kind.mime}-flat-xml": kind for kind in (ODT, ODS, ODP)},
    "text/yaml": YAML,
    "application/x-yaml": YAML,
}

# Documents whose parts are packed as a zip file.
ZIP_DOCUMENTS = {DOCX, PPTX, XLSX, XLSB, EPUB, ODT, ODS, ODP}
# The folder of its parts by which an Office file is told.
OFFICE_FOLDERS = {"word": DOCX, "ppt": PPTX, "xl": XLSX}
# What is unpacked, and is no text of its own.
ARCHIVES = {ZIP, TAR, GZIP, BZIP2, XZ, ZSTD, SEVEN_ZIP, SIGNED}
BY_START = (
    (b"\x1f\x8b", GZIP),
    (b"BZh", BZIP2),
    (b"\xfd7zXZ\x00", XZ),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    (b"\x78\x9f\x3e\x22", TNEF),
)

# What only its own program reads: of Apple's Pages, Numbers and Keynote, and of XPS.
ITS_OWN_ZIPS = (
    *("Index/Document.iwa", "Index.zip"),
    *("FixedDocSeq.fdseq", "FixedDocumentSequence.fdseq"),
)
# Zip-based formats that are known and not read, by a file that each has inside.
REFUSED_ZIPS = (
    ("AndroidManifest.xml", "a program"),
    ("META-INF/MANIFEST.MF", "a program"),
    ("[Content_Types].xml", "a Microsoft file of a kind that is not known"),
    ("mimetype", "a document of a kind that is not known"),
)


def ending(name: str) -> str:
    """The extension of a file name in lower case, without its dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def promised(name: str, mime: str) -> Kind | None:
    """What the name says a file is; the type given by the sender counts when the name is silent."""
    return BY_ENDING.get(ending(name)) or BY_MIME.get(mime.partition(";")[0].strip().lower())


def of_media(media: bytes) -> Kind | None:
    """The format that an OpenDocument file calls itself; a template has that of its kind."""
    return BY_MIME.get(media.decode("latin-1").strip().removesuffix("-template"))


# Who reads a file, by its MIME type; filled by the modules that read.
readers: dict[str, Reader] = {}


def reads(*kinds: Kind) -> Callable[[Reader], Reader]:
    """Register a function of content and MIME type as the reader of formats."""

    def register(reader: Reader) -> Reader:
        readers.update(dict.fromkeys((kind.mime for kind in kinds), reader))
        return reader

    return register


# Who takes the files out of a file, by its MIME type; filled like `readers`.
unpackers: dict[str, Unpacker] = {}


def unpacks(*kinds: Kind) -> Callable[[Unpacker], Unpacker]:
    """Register a function of content, name and the place where what it finds is written."""

    def register(unpacker: Unpacker) -> Unpacker:
        unpackers.update(dict.fromkeys((kind.mime for kind in kinds), unpacker))
        return unpacker

    return register
