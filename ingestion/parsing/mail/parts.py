"""Parts of messages: made of bytes, and what they are called."""

from __future__ import annotations

import mimetypes
from email.message import Message

from ingestion.parsing.mail.headers import as_bytes, decode_header, header_of
from ingestion.parsing.unpacking import tidy

LONGEST_NAME = 120


def bytes_part(kind: str, content: bytes) -> Message:
    """A part of a message."""
    found = Message()
    found["Content-Type"] = kind
    # As the parser of messages keeps bytes that are not ASCII.
    found.set_payload(content.decode("ascii", "surrogateescape"))
    return found


def with_parts(message: Message, kind: str, parts: list[Message]) -> Message:
    """A message made of parts."""
    message["Content-Type"] = kind
    message.set_payload([*parts])
    return message


def name_of(part: Message) -> str:
    """The name of an attached file, or what it is."""
    return given_name(part) or part.get_content_type()


def given_name(part: Message) -> str:
    """The name of an attached file; empty when it has none."""
    name = part.get_filename() or part.get_param("name") or ""
    return decode_header(as_bytes(name if isinstance(name, str) else name[-1]))


def file_name_of(part: Message) -> str:
    """What an attached file is called as a file."""
    name = given_name(part).replace("\\", "/").rpartition("/")[2]
    return tidy(name or f"attachment{mimetypes.guess_extension(part.get_content_type()) or ''}")


def message_name(message: Message, *, prefix: str = "") -> str:
    """What a message is called as a file: its subject."""
    subject = header_of(message, "Subject").replace("/", "-").replace("\\", "-")
    return f"{tidy(prefix + (subject or 'message'))[:LONGEST_NAME].rstrip('. ')}.eml"
