"""Outlook's `winmail.dat` ([MS-OXTNEF]), as the message it was before."""

from __future__ import annotations

import logging
from email.message import Message

from tnefparse import TNEF

from ingestion.parsing.mail.parts import bytes_part, with_parts
from ingestion.parsing.unpacking import DAMAGED

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTACHMENTS = 1000


def message_of_tnef(data: bytes) -> Message:
    """What a `winmail.dat` holds; raises `ParseFailed` when it is damaged."""
    # The library tells of each property it does not know.
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)
    try:
        found = TNEF(data, do_checksum=False)
        message = Message()
        if subject := subject_of(found):
            message["Subject"] = " ".join(subject.split())
        parts = [*body_of(found), *attachments_of(found)]
    except MemoryError:
        raise
    except Exception as error:  # the library meets damage in many ways
        raise DAMAGED.failure() from error
    if not parts:
        raise DAMAGED.failure()
    return with_parts(message, "multipart/mixed", parts)


def subject_of(found: TNEF) -> str:
    """The subject of the message; empty when it has none."""
    subjects = (one.data for one in found.objects if one.name == TNEF.ATTSUBJECT)
    return text_of(next(subjects, b""))


def body_of(found: TNEF) -> list[Message]:
    """What the message says, in the best form there is."""
    for kind, content in (("text/html", found.htmlbody), ("text/plain", found.body)):
        if text := text_of(content):
            return [bytes_part(f"{kind}; charset=utf-8", text.encode("utf-8", "replace"))]
    rich = found.rtfbody
    return [attached("message.rtf", bytes(rich))] if rich else []


def attachments_of(found: TNEF) -> list[Message]:
    """The files that came with the message."""
    return [
        attached(text_of(one.long_filename() or one.name) or "attachment", bytes(one.data))
        for one in found.attachments[:MOST_ATTACHMENTS]
        if one.data
    ]


def attached(name: str, content: bytes) -> Message:
    """One file as a part of a message."""
    part = bytes_part("application/octet-stream", content)
    part.add_header("Content-Disposition", "attachment")
    part.set_param("filename", " ".join(name.split()), header="Content-Disposition")
    return part


def text_of(value: object) -> str:
    """A text of the library, which gives some as bytes."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip("\0")
    return str(value or "").strip("\0")
