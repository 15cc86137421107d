"""Outlook's own message files ([MS-OXMSG]), as the messages they were before."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from typing import TYPE_CHECKING

import compressed_rtf
import olefile

from ingestion.parsing import kinds
from ingestion.parsing.codepages import codec_of
from ingestion.parsing.decoding import decode
from ingestion.parsing.mail.parts import bytes_part, with_parts
from ingestion.parsing.mail.reader import MOST_PARTS, read_message
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.types import Extract

Folder = tuple[str, ...]

PROPERTIES = "__properties_version1.0"
ATTACHMENT = "__attach_version1.0_#"
# The properties that are read, by their numbers.
SUBJECT, BODY, PAGE, RICH = "0037", "1000", "1013", "1009"
SENDER, ADDRESSES = "0C1A", ("5D01", "0C1F")
TO, CC = "0E04", "0E03"
SENT, DELIVERED = 0x0039, 0x0E06
LONG_NAME, SHORT_NAME, SHOWN_NAME, MEDIA_TYPE, CONTENT_ID = "3707", "3704", "3001", "370E", "3712"
CONTENT, MESSAGE = "37010102", "3701000D"
PAGE_CODE, TEXT_CODE = 0x3FDE, 0x3FFD
# Where the list of fixed values begins, in the file and in a message within.
HEAD, HEAD_WITHIN = 32, 24
ENTRY = struct.Struct("<HHI8s")
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
DEEPEST = 10


@kinds.reads(kinds.MSG)
def read_outlook(data: bytes, mime: str) -> Extract:
    """A message of Outlook's own format with the text of its attachments."""
    return read_message(message_of_outlook(data))


def message_of_outlook(data: bytes) -> Message:
    """A message with what is attached to it; raises `ParseFailed` when it is damaged."""
    try:
        message = Store(data).message()
    except MemoryError:
        raise
    except Exception as error:  # the library meets damage in many ways
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error
    if not message.get_payload() and "Subject" not in message:
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.")
    return message


def words_of(rich: bytes) -> str:
    """The text of a body that is there in RTF only; empty when it is damaged."""
    try:
        return kinds.readers[kinds.RTF.mime](compressed_rtf.decompress(rich), kinds.RTF.mime).text
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the rest of the message is read, whatever this is
        return ""


def stream(number: str, kind: str) -> str:
    """The name of the stream that holds a property."""
    return f"__substg1.0_{number}{kind}"


def number_in(fixed: dict[int, bytes], tag: int) -> int:
    """A property that is a number; zero when it is not there."""
    return int.from_bytes(fixed.get(tag, b"")[:4], "little")


def date_in(fixed: dict[int, bytes]) -> str:
    """When the message was sent, else when it came, in tenths of microseconds since 1601."""
    ticks = int.from_bytes(fixed.get(SENT) or fixed.get(DELIVERED) or b"", "little")
    try:
        return format_datetime(EPOCH + timedelta(microseconds=ticks // 10)) if ticks else ""
    except OverflowError:
        return ""


class Store:
    """The streams of a message file, none of which is read more often than the file is long."""

    def __init__(self, data: bytes) -> None:
        self.ole = olefile.OleFileIO(io.BytesIO(data))
        self.left = len(data)
        self.names: dict[Folder, list[str]] = {}
        for *folder, name in self.ole.listdir(streams=True, storages=True):
            self.names.setdefault(tuple(folder), []).append(name)

    def message(self, folder: Folder = (), depth: int = 0) -> Message:
        """A message with what is attached to it."""
        fixed = self.fixed(folder)
        page_code, text_code = number_in(fixed, PAGE_CODE), number_in(fixed, TEXT_CODE)
        message = Message()
        for name, line in {
            "Subject": self.text(folder, SUBJECT, text_code),
            "From": self.sender(folder, text_code),
            "To": self.text(folder, TO, text_code),
            "Cc": self.text(folder, CC, text_code),
            "Date": date_in(fixed),
        }.items():
            if line:
                message[name] = " ".join(line.split())
        body = self.body(folder, text_code or page_code, page_code)
        attachments = [
            self.attachment((*folder, name), text_code, depth)
            for name in [one for one in self.names.get(folder, []) if one.startswith(ATTACHMENT)][
                :MOST_PARTS
            ]
        ]
        return with_parts(message, "multipart/mixed", [*body, *filter(None, attachments)])

    def body(self, folder: Folder, text_code: int, page_code: int) -> list[Message]:
        """What the message says, in one part that may hold several forms."""
        words = self.text(folder, BODY, text_code)
        page = self.read((*folder, stream(PAGE, "0102")))
        codec = codec_of(f"cp{page_code}")
        if not page:
            page, codec = self.text(folder, PAGE, page_code).encode("utf-8", "replace"), "utf-8"
        forms = []
        if words.strip():
            forms.append(bytes_part("text/plain; charset=utf-8", words.encode("utf-8", "replace")))
        if page.strip():
            forms.append(bytes_part(f"text/html; charset={codec}" if codec else "text/html", page))
        if not forms and (rich := self.read((*folder, stream(RICH, "0102")))):
            forms = [
                bytes_part("text/plain; charset=utf-8", words_of(rich).encode("utf-8", "replace"))
            ]
        return [with_parts(Message(), "multipart/alternative", forms)] if forms else []

    def attachment(self, folder: Folder, text_code: int, depth: int) -> Message | None:
        """A file or a message that came with a message; none when it is nothing of both."""
        inner = (*folder, f"__substg1.0_{MESSAGE}")
        if inner in self.names:
            if depth >= DEEPEST:
                return None
            return with_parts(Message(), "message/rfc822", [self.message(inner, depth + 1)])
        names = (self.text(folder, one, text_code) for one in (LONG_NAME, SHORT_NAME, SHOWN_NAME))
        name = next(filter(None, names), "")
        media = self.text(folder, MEDIA_TYPE, text_code).partition(";")[0].strip()
        found = bytes_part(
            media or "application/octet-stream", self.read((*folder, f"__substg1.0_{CONTENT}"))
        )
        if self.text(folder, CONTENT_ID, text_code):
            found["Content-ID"] = "yes"
        found.add_header("Content-Disposition", "attachment")
        found.set_param("filename", " ".join(name.split()), header="Content-Disposition")
        return found

    def sender(self, folder: Folder, code: int) -> str:
        """Who wrote, with an address if one of the Internet is known."""
        name = self.text(folder, SENDER, code)
        addresses = (self.text(folder, one, code) for one in ADDRESSES)
        address = next((one for one in addresses if "@" in one), "")
        return f"{name} <{address}>" if name and address and name != address else name or address

    def text(self, folder: Folder, number: str, code: int) -> str:
        """A property that is a text, without the zeros at its end."""
        if data := self.read((*folder, stream(number, "001F"))):
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = self.read((*folder, stream(number, "001E"))).rstrip(b"\0")
        return decode(data, declared=codec_of(f"cp{code}")).text

    def fixed(self, folder: Folder) -> dict[int, bytes]:
        """The values of fixed length, eight bytes each."""
        data = self.read((*folder, PROPERTIES))
        head = HEAD_WITHIN if folder else HEAD
        whole = data[head : head + (len(data) - head) // ENTRY.size * ENTRY.size]
        return {tag: value for _, tag, _, value in ENTRY.iter_unpack(whole)}

    def read(self, path: Folder) -> bytes:
        """The content of a stream; nothing when there is none."""
        folder, name = path[:-1], path[-1]
        if name not in self.names.get(folder, ()):
            return b""
        data: bytes = self.ole.openstream(list(path)).read()
        if len(data) < self.ole.get_size(list(path)):
            raise ValueError("The file was cut off.")
        self.left -= len(data)
        if self.left < 0:
            raise ValueError("The streams of the file share their content.")
        return data
