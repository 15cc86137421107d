"""Outlook's own message files ([MS-OXMSG]), as the messages they were before."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from email.utils import format_datetime
from typing import TYPE_CHECKING

import compressed_rtf
import olefile

from ingestion.parsing import kinds
from ingestion.parsing.codepages import codec_of
from ingestion.parsing.decoding import decode
from ingestion.parsing.mail.meetings import (
    EPOCH,
    TRACKED,
    Meeting,
    Person,
    calendar_of,
    is_meeting,
    zone_name,
)
from ingestion.parsing.mail.parts import bytes_part, with_parts
from ingestion.parsing.mail.reader import MOST_PARTS, read_message
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.parsing.types import Extract

    Fixed = dict[int, bytes]

Folder = tuple[str, ...]

PROPERTIES = "__properties_version1.0"
ATTACHMENT = "__attach_version1.0_#"
RECIPIENT = "__recip_version1.0_#"
# The properties that are read, by their numbers.
SUBJECT, BODY, PAGE, RICH = "0037", "1000", "1013", "1009"
SENDER, ADDRESSES = "0C1A", ("5D01", "0C1F")
TO, CC = "0E04", "0E03"
SENT, DELIVERED = 0x0039, 0x0E06
LONG_NAME, SHORT_NAME, SHOWN_NAME, MEDIA_TYPE, CONTENT_ID = "3707", "3704", "3001", "370E", "3712"
CONTENT, MESSAGE = "37010102", "3701000D"
PAGE_CODE, TEXT_CODE = 0x3FDE, 0x3FFD
CLASS, ADDRESS, NAME = "001A", ("39FE", "3003"), "3001"
STARTS, ENDS, TRACK_STATUS, RECIPIENT_FLAGS = 0x0060, 0x0061, 0x5FFF, 0x5FFD
ORGANIZER, REPRESENTED, REPRESENTED_ADDRESSES = 0x2, "0042", ("5D02", "0065")
# Properties that each file numbers by itself are known by the set they are of and a number there.
NAMES = "__nameid_version1.0"
SETS, SET_ENTRIES = "__substg1.0_00020102", "__substg1.0_00030102"
APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
PLACE, START, END, ALL_DAY, STATE, REPEATS = 0x8208, 0x820D, 0x820E, 0x8215, 0x8217, 0x8232
PROPOSED, IS_PROPOSAL = (0x8250, 0x8251), 0x8257
ZONES = (0x825E, 0x8260)
CANCELLED = 0x4
NAMED = struct.Struct("<IHH")
FIRST_SET, FIRST_NAMED = 3, 0x8000
# Where the list of fixed values begins, in the file and in a message within.
HEAD, HEAD_WITHIN, HEAD_OF_PERSON = 32, 24, 8
ENTRY = struct.Struct("<HHI8s")
DEEPEST = 10
MOST_INVITED = 200


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


def number_in(fixed: Fixed, tag: int) -> int:
    """A property that is a number; zero when it is not there."""
    return int.from_bytes(fixed.get(tag, b"")[:4], "little")


def ticks_in(fixed: Fixed, *tags: int) -> int:
    """The first of several properties that is a time, in tenths of microseconds since 1601."""
    return int.from_bytes(next(filter(None, map(fixed.get, tags)), b""), "little")


def numbers_in_set(wanted: bytes, sets: bytes, entries: bytes) -> dict[int, int]:
    """The numbers that a file gives the numbered properties of a set, by their numbers there."""
    places = range(len(sets) // len(wanted))
    indexes = {FIRST_SET + n for n in places if sets[n * 16 : n * 16 + 16] == wanted}
    whole = entries[: len(entries) // NAMED.size * NAMED.size]
    return {
        number: FIRST_NAMED + place
        # Of what is named by a text, the lowest bit is set.
        for number, kind, place in NAMED.iter_unpack(whole)
        if not kind & 1 and kind >> 1 in indexes and place < FIRST_NAMED
    }


def date_in(fixed: Fixed) -> str:
    """When the message was sent, else when it came, in tenths of microseconds since 1601."""
    ticks = ticks_in(fixed, SENT, DELIVERED)
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
        self.named = numbers_in_set(
            APPOINTMENT, self.read((NAMES, SETS)), self.read((NAMES, SET_ENTRIES))
        )

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
        forms = self.forms(folder, text_code or page_code, page_code)
        if meeting := self.meeting(folder, fixed, text_code):
            forms.append(calendar_of(meeting))
        body = [with_parts(Message(), "multipart/alternative", forms)] if forms else []
        attachments = [
            self.attachment((*folder, name), text_code, depth)
            for name in [one for one in self.names.get(folder, []) if one.startswith(ATTACHMENT)][
                :MOST_PARTS
            ]
        ]
        return with_parts(message, "multipart/mixed", [*body, *filter(None, attachments)])

    def forms(self, folder: Folder, text_code: int, page_code: int) -> list[Message]:
        """What the message says, in the forms it has."""
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
        return forms

    def meeting(self, folder: Folder, fixed: Fixed, code: int) -> Meeting | None:
        """What is arranged, if that is what the message is about."""
        message_class = self.text(folder, CLASS, code)
        if not is_meeting(message_class):
            return None
        sender = Person(*self.person(folder, SENDER, ADDRESSES, code))
        represented = self.person(folder, REPRESENTED, REPRESENTED_ADDRESSES, code)
        zones = (zone_name(self.read((*folder, stream(self.name(one), "0102")))) for one in ZONES)
        meeting = Meeting(
            message_class,
            self.text(folder, SUBJECT, code),
            ticks_in(fixed, self.named.get(START, 0), STARTS),
            ticks_in(fixed, self.named.get(END, 0), ENDS),
            place=self.text(folder, self.name(PLACE), code),
            zone=next(filter(None, zones), ""),
            repeats=self.text(folder, self.name(REPEATS), code),
            is_all_day=bool(number_in(fixed, self.named.get(ALL_DAY, 0))),
            is_cancelled=bool(number_in(fixed, self.named.get(STATE, 0)) & CANCELLED),
        )
        if meeting.answer:
            meeting = replace(meeting, attendees=[sender._replace(answer=meeting.answer)])
            return self.with_proposal(meeting, fixed)
        organizer = Person(*represented) if any(represented) else sender
        return replace(meeting, organizer=organizer, attendees=self.invited(folder, code))

    def with_proposal(self, meeting: Meeting, fixed: Fixed) -> Meeting:
        """An answer with the other time that it proposes, if it does."""
        if not number_in(fixed, self.named.get(IS_PROPOSAL, 0)):
            return meeting
        start, end = (ticks_in(fixed, self.named.get(one, 0)) for one in PROPOSED)
        return replace(meeting, proposed_start=start, proposed_end=end)

    def invited(self, folder: Folder, code: int) -> list[Person]:
        """Who is invited, with the answers that are known."""
        found = []
        names = [one for one in self.names.get(folder, []) if one.startswith(RECIPIENT)]
        for name in names[:MOST_INVITED]:
            place = (*folder, name)
            fixed = self.fixed(place, head=HEAD_OF_PERSON)
            if not number_in(fixed, RECIPIENT_FLAGS) & ORGANIZER:
                answer = TRACKED.get(number_in(fixed, TRACK_STATUS), "")
                found.append(Person(*self.person(place, NAME, ADDRESS, code), answer))
        return found

    def name(self, number: int) -> str:
        """What this file calls a property of appointments; empty when it has none of them."""
        return f"{self.named[number]:04X}" if number in self.named else ""

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
        name, address = self.person(folder, SENDER, ADDRESSES, code)
        return f"{name} <{address}>" if name and address and name != address else name or address

    def person(
        self, folder: Folder, name: str, addresses: Sequence[str], code: int
    ) -> tuple[str, str]:
        """The name of somebody, and an address of the Internet if one is known."""
        known = (self.text(folder, one, code) for one in addresses)
        return self.text(folder, name, code), next((one for one in known if "@" in one), "")

    def text(self, folder: Folder, number: str, code: int) -> str:
        """A property that is a text, without the zeros at its end."""
        if data := self.read((*folder, stream(number, "001F"))):
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = self.read((*folder, stream(number, "001E"))).rstrip(b"\0")
        return decode(data, declared=codec_of(f"cp{code}")).text

    def fixed(self, folder: Folder, head: int = 0) -> Fixed:
        """The values of fixed length, eight bytes each."""
        data = self.read((*folder, PROPERTIES))
        head = head or (HEAD_WITHIN if folder else HEAD)
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
