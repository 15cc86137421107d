"""A mailbox file as single messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A line with a date that begins a message: at the start or after an empty line, a head below it.
BEGINNING = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From (?=[^\n]{0,400}(?:\d:\d\d|(?:19|20)\d\d))[^\n]{1,500}\n"
    rb"(?=>?[A-Za-z][\w-]{0,80}:? )"
)
# Such a line within a message has a mark before it, and one more when it had some already.
QUOTED = re.compile(rb"^>(>*From )", re.M)


def is_mailbox(head: bytes) -> bool:
    """Whether something begins with the line that begins a message in a mailbox."""
    return bool(BEGINNING.match(head))


def split_mailbox(data: bytes) -> Iterator[bytes]:
    """The messages of a mailbox file, in order."""
    starts = list(BEGINNING.finditer(data))
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(data)
        yield QUOTED.sub(rb"\1", data[start.end() : end])
