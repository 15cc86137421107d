"""How a signature that may wrap a file begins, in bytes or in base64 (RFC 5652, RFC 7468)."""

from __future__ import annotations

import base64
from contextlib import suppress

# The name of its kind, behind two lengths.
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
HEAD, HEAD_LETTERS = 21, 28
FIRST_BYTE, FIRST_LETTERS = b"0", b"MI"
LINES = (b"-----BEGIN CMS-----", b"-----BEGIN PKCS7-----", b"-----BEGIN PKCS #7 SIGNED DATA-----")
MARK = b"-----"
# Characters in which a line above the base64, and blanks, end.
FAR = 200


def is_signed(data: bytes) -> bool:
    """Whether a file begins like a signature."""
    head = data[:HEAD] if data.startswith(FIRST_BYTE) else decoded_head(data)
    return SIGNED_DATA in head


def decoded_head(data: bytes) -> bytes:
    """The first bytes of what base64 says; nothing when it is none."""
    start = data[:FAR].lstrip()
    for line in LINES:
        start = start.removeprefix(line).lstrip()
    if start.startswith(FIRST_LETTERS):
        with suppress(ValueError):
            return base64.b64decode(start[:HEAD_LETTERS], validate=True)
    return b""


def without_armour(data: bytes) -> bytes:
    """A signature in bytes; raises `ValueError` for what is neither."""
    if data.startswith(FIRST_BYTE):
        return data
    lines = (line.strip() for line in data.splitlines())
    letters = b"".join(line for line in lines if not line.startswith(MARK))
    return base64.b64decode(letters, validate=True)
