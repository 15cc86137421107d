"""Messages whose attachments, and mailboxes whose messages come out as files of their own.

A message is what people look for and cite, so a mailbox is not one document: hits would name a
file of years. One with more messages than files may come out of a file stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.mail.headers import split_mailbox
from ingestion.parsing.mail.outlook import message_of_outlook
from ingestion.parsing.mail.parts import message_name
from ingestion.parsing.mail.reader import parsed, read_email, read_mailbox, read_message
from ingestion.parsing.mail.tnef import message_of_tnef
from ingestion.parsing.sentences import KEPT_TOGETHER
from ingestion.parsing.types import Extract

if TYPE_CHECKING:
    from ingestion.parsing.unpacking import Unpacking


@kinds.unpacks(kinds.EML)
def unpack_email(data: bytes, name: str, into: Unpacking) -> Extract:
    """A message; what is attached to it comes out."""
    message = parsed(data)
    if message is None:
        return read_email(data, kinds.EML.mime)
    return read_message(message, into)


@kinds.unpacks(kinds.MSG)
def unpack_outlook(data: bytes, name: str, into: Unpacking) -> Extract:
    """A message of Outlook's own format; what is attached to it comes out."""
    return read_message(message_of_outlook(data), into)


@kinds.unpacks(kinds.TNEF)
def unpack_tnef(data: bytes, name: str, into: Unpacking) -> Extract:
    """What Outlook packed for others; what is attached to it comes out."""
    return read_message(message_of_tnef(data), into)


@kinds.unpacks(kinds.MBOX)
def unpack_mailbox(data: bytes, name: str, into: Unpacking) -> Extract:
    """The messages of a mailbox as files, unless there is one only, or too many."""
    count = sum(1 for _ in split_mailbox(data))
    if count <= 1:
        return unpack_email(next(split_mailbox(data), data), name, into)
    if count > into.limits.files:
        whole = read_mailbox(data, kinds.MBOX.mime)
        whole.notes = [*whole.notes, KEPT_TOGETHER.format(count=into.limits.files)]
        return whole
    for number, one in enumerate(split_mailbox(data), start=1):
        message = parsed(one)
        if message is not None:
            path = message_name(message, prefix=f"{number:05d} ")
            into.add(path, [one], mime=kinds.EML.mime, attached=True)
    return Extract("") if into.members else read_mailbox(data, kinds.MBOX.mime)
