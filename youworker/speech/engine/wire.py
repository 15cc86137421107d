"""Frames between the engine and its callers: a JSON object, and bytes behind it."""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTH = struct.Struct(">I")
# A message of 12 MiB and a recording that is uploaded whole have room.
LONGEST_FRAME = 256 * 2**20


def packed(head: dict[str, Any], payload: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(head).encode()
    return LENGTH.pack(len(text)) + text + payload


def unpacked(frame: bytes) -> tuple[dict[str, Any], bytes]:
    """The object and the bytes of a frame; raises `ValueError` for what is none."""
    if len(frame) < LENGTH.size:
        raise ValueError("A frame is longer.")
    end = LENGTH.size + LENGTH.unpack_from(frame)[0]
    head = json.loads(frame[LENGTH.size : end])
    if not isinstance(head, dict):
        raise TypeError("A frame begins with an object.")
    return head, frame[end:]
