"""Messages and mailboxes to text: heads, what was said, and what was attached."""

from __future__ import annotations

import email
from dataclasses import dataclass
from email.message import Message
from email.policy import Compat32
from typing import TYPE_CHECKING, Any

from ingestion.parsing import kinds
from ingestion.parsing.archives import signed
from ingestion.parsing.composing import Composition
from ingestion.parsing.declared import declared_by_page
from ingestion.parsing.decoding import decode
from ingestion.parsing.mail.bodies import content_of, fullest, read_body
from ingestion.parsing.mail.headers import (
    SHOWN,
    charset_of,
    header_of,
    split_mailbox,
    without_size,
)
from ingestion.parsing.mail.parts import file_name_of, given_name, message_name, name_of
from ingestion.parsing.mail.tnef import SIGNATURE, message_of_tnef
from ingestion.parsing.sentences import ATTACHMENT_UNREADABLE, attachment_refused
from ingestion.parsing.sniffing import is_wide, kind_of
from ingestion.parsing.types import Extract, ParseFailed
from ingestion.parsing.unpacking import ENCRYPTED
from ingestion.parsing.webpage import read_page

if TYPE_CHECKING:
    from ingestion.parsing.unpacking import Unpacking

# Messages within messages, and parts within parts, that are opened.
DEEPEST = 20
MOST_PARTS = 1000
# Parts within parts that are told apart at all; the parser's own end is that of Python's stack,
# where whatever is finalized fails, too.
MOST_NESTED = 200
LONGEST_HEAD = 16_000
UNTITLED = "(no subject)"
BODIES = {"text/plain", "text/html"}
# Refused files that everybody knows are not read.
EXPECTED = {"unsupported_type", "empty_file"}
# Bytes of a picture in the text from which on it is no logo below a signature.
LARGE_PICTURE = 20_000
NO_TEXT = {"image", "audio", "video"}


@kinds.reads(kinds.EML)
def read_email(data: bytes, mime: str) -> Extract:
    """A message with the text of its attachments."""
    message = parsed(data)
    if message is None:
        found = decode(data)
        return Extract(found.text, notes=found.notes)
    return read_message(message)


@kinds.reads(kinds.TNEF)
def read_tnef(data: bytes, mime: str) -> Extract:
    """What Outlook packed for others, with the text of its attachments."""
    return read_message(message_of_tnef(data))


@kinds.reads(kinds.MHTML)
def read_saved_page(data: bytes, mime: str) -> Extract:
    """A page that a browser saved with what it shows: the first part with text is the page."""
    message = parsed(data)
    parts = message.walk() if message is not None else ()
    for part in (one for one in parts if one.get_content_type() == kinds.HTML.mime):
        content = content_of(part)
        page = read_page(decode(content, declared=charset_of(part) or declared_by_page(content)))
        if page.text.strip():
            return page
    return read_email(data, mime)


def read_message(message: Message, into: Unpacking | None = None) -> Extract:
    """The text of one message, under its subject; what is attached comes out `into` a place."""
    whole = Composition()
    MessageReader(whole, into=into).add_message(message, level=1)
    return whole.as_extract(header_of(message, "Subject"))


@kinds.reads(kinds.MBOX)
def read_mailbox(data: bytes, mime: str) -> Extract:
    """Every message of a mailbox, under its subject."""
    whole, titles = Composition(), []
    for one in split_mailbox(data):
        if whole.is_full:
            break
        message = parsed(one)
        if message is not None:
            titles.append(header_of(message, "Subject"))
            MessageReader(whole).add_message(message, level=1)
    if not whole.parts:
        return read_email(data, mime)
    return whole.as_extract(titles[0] if len(titles) == 1 else "")


class RawHeads(Compat32):
    """Heads as they came, none so long that looking for its parameters takes seconds.

    The policies that interpret heads take the square of their length, fail for some, and read
    only the encodings that Python knows by name.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name and the value of a line of the head."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEAD]


class NestedTooDeep(Exception):
    """A message has more parts within parts than anybody sends."""


class Part(Message):
    """A message, or a part of one, which knows how deep it lies."""

    depth = 0

    def attach(self, payload: Any) -> None:
        """Take a part while it is read; raises `NestedTooDeep` long before the stack ends."""
        payload.depth = self.depth + 1
        if payload.depth > MOST_NESTED:
            raise NestedTooDeep
        super().attach(payload)


def parsed(data: bytes) -> Message | None:
    """The parts of a message; none when it has no head or too many parts within parts."""
    try:
        message = email.message_from_bytes(as_plain(data), Part, policy=RawHeads())
    except NestedTooDeep:
        return None
    return message if message.keys() else None


def as_plain(data: bytes) -> bytes:
    """A message in letters of one byte, without what programs put before its head."""
    plain = decode(data).text.encode() if is_wide(data) else data.removeprefix(b"\xef\xbb\xbf")
    return without_size(plain).lstrip(b"\r\n")


@dataclass(slots=True)
class MessageReader:
    """Writes one message, with all that is in it, into a text."""

    whole: Composition
    parts: int = 0
    depth: int = 0
    # Where attached files are written; without it their text is read with the message.
    into: Unpacking | None = None

    def add_message(self, message: Message, *, level: int) -> None:
        """Add head and content under the subject."""
        lines = {name: header_of(message, name) for name in SHOWN}
        head = "\n".join(f"{name}: {line}" for name, line in lines.items() if line)
        self.whole.add(head or UNTITLED, lines["Subject"] or UNTITLED, level)
        self.add_part(message, level=level)

    def add_part(self, part: Message, *, level: int) -> None:
        """Add what a part says, and all parts in it."""
        self.parts += 1
        if self.whole.is_full or self.parts > MOST_PARTS or self.depth > DEEPEST:
            return
        self.depth += 1
        kind = part.get_content_type()
        inner = parts_of(part)
        if kind == "multipart/alternative" and inner:
            self.add_forms(inner, level=level)
        elif kind == "message/rfc822":
            self.add_attached_message(part, inner, level=level + 1)
        elif kind == "multipart/report":
            self.add_report(inner, level=level)
        elif inner:
            self.add_parts(part, inner, level=level)
        elif kind in signed.TYPES:
            self.add_signed(part, level=level)
        elif is_body(part):
            self.whole.include(read_body(part), deeper=level)
        elif is_invitation(part):
            self.add_invitation(part, level=level)
        elif not self.is_left_out(part):
            self.add_attachment(part, level=level + 1)
        self.depth -= 1

    def add_signed(self, part: Message, *, level: int) -> None:
        """Add what a signature wraps; what is encrypted is named as an attachment that is."""
        wrapped = parsed(signed.signed_content(content_of(part)))
        if wrapped is not None and wrapped.keys():
            self.add_part(wrapped, level=level)
            return
        name = name_of(part)
        self.whole.add(f"Attachment: {name}", name, level + 1)
        self.whole.note(attachment_refused(name, ENCRYPTED.detail))

    def add_forms(self, inner: list[Message], *, level: int) -> None:
        """Add the fullest form of a message, and what its program sent beside the forms of it."""
        forms = [one for one in inner if is_body(one)]
        if forms:
            self.whole.include(fullest([self.form(form, level) for form in forms]), deeper=0)
        for one in inner:
            if not (is_body(one) or (forms and is_unusual_form(one))):
                self.add_part(one, level=level)

    def add_invitation(self, part: Message, *, level: int) -> None:
        """Add what is arranged below the words about it; a calendar without events is a file."""
        found = self.read_or_note(part, name_of(part))
        if found and found.headings:
            self.whole.include(found, deeper=level)
        else:
            self.add_attachment(part, level=level + 1)

    def form(self, part: Message, level: int) -> Extract:
        """One of the forms of a message by itself."""
        alone = Composition()
        reader = MessageReader(alone, self.parts, self.depth, self.into)
        reader.add_part(part, level=level)
        self.parts = reader.parts
        return alone.as_extract()

    def add_parts(self, part: Message, inner: list[Message], *, level: int) -> None:
        """Add the parts of a part; those of a report are heads without content."""
        for one in inner:
            if part.get_content_maintype() == "multipart":
                self.add_part(one, level=level)
            else:
                self.whole.add(
                    "\n".join(
                        f"{name}: {header_of(one, name)}" for name in dict.fromkeys(one.keys())
                    )
                )

    def add_report(self, inner: list[Message], *, level: int) -> None:
        """Add what a server reports of a message, with that message, which is no attachment."""
        into, self.into = self.into, None
        for one in inner:
            self.add_part(one, level=level)
        self.into = into

    def add_attached_message(self, part: Message, inner: list[Message], *, level: int) -> None:
        """Add a message that came with the message, even if it was packed against the rules."""
        message = inner[0] if inner else parsed(content_of(part))
        if message is None or not message.keys():
            return
        if self.into is None or not self.hand_out(
            message_name(message), packed_again(message), kinds.EML.mime, level
        ):
            self.add_message(message, level=level)

    def hand_out(self, name: str, data: bytes, mime: str, level: int) -> bool:
        """Let an attached file come out, and name it in the text; false when it is empty."""
        if self.into is None or not data:
            return False
        self.whole.add(f"Attachment: {name}", name, level)
        try:
            self.into.add(name, [data], mime=mime, attached=True)
        except ParseFailed as error:
            self.whole.note(attachment_refused(name, error.detail))
        return True

    def is_left_out(self, part: Message) -> bool:
        """Whether a part is neither shown nor named; pictures that are large may hold text."""
        if not is_embedded(part):
            return False
        is_picture = part.get_content_maintype() == "image"
        return not (self.into and is_picture and len(content_of(part)) >= LARGE_PICTURE)

    def add_attachment(self, part: Message, *, level: int) -> None:
        """Add the name of a file that came with the message, and its text when it is read."""
        if is_tnef(part):
            self.add_packed(part, level=level)
            return
        if self.into is not None:
            self.hand_out(file_name_of(part), content_of(part), part.get_content_type(), level)
            return
        name = name_of(part)
        self.whole.add(f"Attachment: {name}", name, level)
        if found := self.read_or_note(part, name):
            self.whole.include(found, deeper=level)

    def read_or_note(self, part: Message, name: str) -> Extract | None:
        """The text of an attached file; where it cannot be read, a note says so."""
        try:
            return read_attached(part, name)
        except MemoryError:
            raise
        except ParseFailed as error:
            if not is_expected(error, part):
                self.whole.note(attachment_refused(name, error.detail))
        except Exception:  # noqa: BLE001 -- the message is read, whatever is attached to it
            self.whole.note(ATTACHMENT_UNREADABLE.format(name=repr(name)))
        return None

    def add_packed(self, part: Message, *, level: int) -> None:
        """Add what Outlook packed into one file."""
        try:
            message = message_of_tnef(content_of(part))
        except ParseFailed as error:
            name = name_of(part)
            self.whole.add(f"Attachment: {name}", name, level)
            self.whole.note(attachment_refused(name, error.detail))
        else:
            self.add_part(message, level=level)


def packed_again(message: Message) -> bytes:
    """A message as a file; nothing when it cannot be written as one."""
    try:
        return message.as_bytes()
    except (ValueError, LookupError, TypeError, AttributeError):
        return b""


def is_tnef(part: Message) -> bool:
    """Whether a part is a `winmail.dat`, whatever it is called."""
    return content_of(part).startswith(SIGNATURE)


def read_attached(part: Message, name: str) -> Extract:
    """The text of an attached file; raises `ParseFailed` as for a file that came alone."""
    data = content_of(part)
    kind = kind_of(data, name, part.get_content_type())
    if kind is kinds.TEXT:
        return read_body(part)
    return kinds.readers[kind.mime](data, kind.mime)


def parts_of(part: Message) -> list[Message]:
    """The parts in a part."""
    # Asking for the payload of others would decode it, with any codec a stranger names.
    inner = part.get_payload() if part.is_multipart() else []
    return [one for one in inner if isinstance(one, Message)]


def is_expected(error: ParseFailed, part: Message) -> bool:
    """Whether nobody has to be told that an attached file is not read."""
    return error.code in EXPECTED or part.get_content_maintype() in NO_TEXT


def is_body(part: Message) -> bool:
    """Whether a part is text to be shown; one that should have parts and has none is."""
    is_text = part.get_content_type() in BODIES or part.get_content_maintype() == "multipart"
    return is_text and not is_file(part)


def is_invitation(part: Message) -> bool:
    """Whether a part is a calendar that belongs to what is said, as invitations have it."""
    return part.get_content_type() == kinds.ICALENDAR.mime and not is_file(part)


def is_unusual_form(part: Message) -> bool:
    """Whether a part says for few programs (AMP, watches) what the usual forms say for all."""
    is_text = part.get_content_maintype() == "text" and not is_invitation(part)
    return is_text and not (is_file(part) or given_name(part))


def is_file(part: Message) -> bool:
    """Whether a part is to be a file of its own."""
    return part.get_content_disposition() == "attachment"


def is_embedded(part: Message) -> bool:
    """Whether a part is a picture in the text, or a signature."""
    has_place = "Content-ID" in part or "Content-Location" in part
    pictures = part.get_content_maintype() == "image" and has_place
    return pictures or part.get_content_subtype() in {"pgp-signature", "pkcs7-signature"}
