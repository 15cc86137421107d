"""What a message says, in one of the forms it has."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, cast

from documents.layout import FormAt
from ingestion.parsing.declared import declared_by_page
from ingestion.parsing.decoding import decode
from ingestion.parsing.mail.headers import charset_of
from ingestion.parsing.types import Extract
from ingestion.parsing.webpage import read_decoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

ENCODING = "Content-Transfer-Encoding"
BLANKS = re.compile(rb"=[ \t]++(?=\r?\n|\Z)")
SIGNATURE = "-- "
# What another form of the same message must hold more to be taken instead of the first one.
MORE = 1.1


def content_of(part: Message) -> bytes:
    """The bytes of a part after base64 and the like were undone."""
    if not str(part.get(ENCODING, "")).strip().lower().startswith("quoted"):
        return cast("bytes | None", part.get_payload(decode=True)) or b""
    # By hand, for the library keeps line ends before which somebody left blanks.
    del part[ENCODING]
    packed = cast("bytes | None", part.get_payload(decode=True)) or b""
    part[ENCODING] = "quoted-printable"
    return binascii.a2b_qp(BLANKS.sub(b"=", packed))


def read_body(part: Message) -> Extract:
    """The text of a part that is text or a web page."""
    data = content_of(part)
    if part.get_content_subtype() == "html":
        page = read_decoded(decode(data, declared=charset_of(part) or declared_by_page(data)))
        page.forms = [FormAt(0, is_markdown=True)]
        return page
    found = decode(data, declared=charset_of(part))
    is_flowed = str(part.get_param("format", "")).lower() == "flowed"
    deletes = str(part.get_param("delsp", "")).lower() == "yes"
    text = unflowed(found.text, deletes_spaces=deletes) if is_flowed else found.text
    return Extract(text, notes=found.notes)


def unflowed(text: str, *, deletes_spaces: bool) -> str:
    """Text whose lines were broken for a terminal, in its own lines (RFC 3676)."""
    lines: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        is_soft = bare.endswith(" ") and bare != SIGNATURE
        shown = bare[:-1] if is_soft and deletes_spaces else bare
        if depth == open_depth and bare != SIGNATURE:
            lines[-1] += shown
        else:
            lines.append((">" * depth + " " if depth else "") + shown)
        open_depth = depth if is_soft else -1
    return "\n".join(lines)


def fullest(forms: Sequence[Extract]) -> Extract:
    """The form of a message that holds most; the first of those that hold much the same."""
    best, most = forms[0], letters_in(forms[0])
    for form in forms[1:]:
        letters = letters_in(form)
        if letters > most * MORE:
            best, most = form, letters
    return best


def letters_in(form: Extract) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, form.text))
