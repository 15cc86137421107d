"""Files that hold nothing to be read, by what they are called and by how they begin."""

from __future__ import annotations

from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import ENCRYPTED, Reason

UNFINISHED = Reason("incomplete_file", "This file was not downloaded completely.")
ELSEWHERE = Reason(
    "placeholder_file", "This only stands for a file that lies elsewhere: download that first."
)
IN_USE = Reason("lock_file", "This only marks a file as being edited, and has no text.")
# Its format is not free: what unpacks it is a program of others under their own licence.
RAR = Reason(
    "rar_archive",
    "This is a RAR archive, which cannot be read: unpack it, or pack its files as ZIP or 7z.",
)
ITS_OWN_PROGRAM = Reason(
    "needs_export", "Only its own program reads this file: export it from there as a PDF."
)
# Of OneNote (MS-ONESTORE), of DjVu and of help files of Windows.
ITS_OWN_BEGINNINGS = (
    bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"),
    b"AT&TFORM",
    b"ITSF\x03\x00\x00\x00",
)
# Of Kindle and its forerunner, behind a name.
KINDLE, KINDLE_AT = (b"BOOKMOBI", b"TEXtREAd"), 60
OUTLOOK_DATA = Reason(
    "outlook_data",
    "This is a data file of Outlook: save the messages from there as .msg or .eml files.",
)
KINDLE_BOOK = Reason(
    "kindle_book", "This is an e-book for Kindle, which cannot be read: convert it to EPUB."
)

BY_NAME_ENDING = (
    ((".crdownload", ".part", ".partial", ".opdownload", ".!ut", ".download", ".tmp~"), UNFINISHED),
    ((".icloud", ".gdoc", ".gsheet", ".gslides", ".lnk", ".webloc"), ELSEWHERE),
)
LOCKS = ("~$", ".~lock.")

# Each beginning, how far from the first byte it stands, and what it tells.
BEGINNINGS = (
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
    (0, b"SQLite format 3", "a database"),
    (0, b"\x4c\x00\x00\x00\x01\x14\x02\x00", "a shortcut of Windows"),
    (0, b"\x00\x01\x00\x00Standard ", "a database"),
    (0, b"\x00\x01\x00\x00\x00", "a font"),
    (0, b"OTTO\x00", "a font"),
    (0, b"ttcf\x00", "a font"),
    (0, b"wOFF", "a font"),
    (0, b"wOF2", "a font"),
    (0, b"\x00asm", "a program"),
    (0, b"\xca\xfe\xba\xbe", "a program"),
    (0, b"\xfe\xed\xfa\xce", "a program"),
    (0, b"\xfe\xed\xfa\xcf", "a program"),
    (0, b"\xce\xfa\xed\xfe", "a program"),
    (0, b"\xcf\xfa\xed\xfe", "a program"),
    (0, b"!<arch>\n", "a software package"),
    (0, b"\xed\xab\xee\xdb", "a software package"),
    (0, b"MSCF\x00", "a software package"),
    (2, b"\r\n\x00\x00\x00\x00", "a program"),
    (0, b"\x00\x00\x00\x01Bud1", "a file of the Finder"),
    (0, b"PAR1", "a table of a database"),
    (0, b"\x89HDF\r\n\x1a\n", "a file of measurements"),
    (0, b"\x93NUMPY", "a file of measurements"),
    (0, b"GGUF", "a language model"),
    (0, b"8BPS", "a file of Photoshop"),
    (0x8001, b"CD001", "an image of a disc"),
)
RAR_BEGINNING = b"Rar!\x1a\x07"
LOCKED = (b"-----BEGIN PGP MESSAGE-----", b"Salted__", b"age-encryption.org/v1")
PROGRAM_HEAD = 1024


def refuse_by_name(name: str) -> None:
    """Raise `ParseFailed` for a file whose name says that its content is not there."""
    lower = name.lower()
    if lower.startswith(LOCKS):
        raise IN_USE.failure()
    for endings, reason in BY_NAME_ENDING:
        if lower.endswith(endings):
            raise reason.failure()


def refuse_by_beginning(data: bytes) -> None:
    """Raise `ParseFailed` for a file of a kind that holds no text, with what it is."""
    if data.startswith(LOCKED):
        raise ENCRYPTED.failure()
    if data.startswith(RAR_BEGINNING):
        raise RAR.failure()
    if data.startswith(ITS_OWN_BEGINNINGS):
        raise ITS_OWN_PROGRAM.failure()
    if data.startswith(b"!BDN"):
        raise OUTLOOK_DATA.failure()
    if data.startswith(KINDLE, KINDLE_AT):
        raise KINDLE_BOOK.failure()
    for place, start, label in BEGINNINGS:
        if data.startswith(start, place):
            raise refusal(label)
    if data.startswith(b"MZ") and b"\x00" in data[:PROGRAM_HEAD]:
        raise refusal("a program")


def refusal(label: str) -> ParseFailed:
    """The sentence for a file of a known kind."""
    return ParseFailed("unsupported_type", f"This is {label}, which cannot be read.")
