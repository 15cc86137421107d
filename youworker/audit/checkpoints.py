"""Signed statements about the head of the audit chain, in the database and in a file.

Whoever can write to the database could compute a chain of their own; they cannot sign it. One
checkpoint fixes everything before it, so the newest that can be checked is what counts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils import timezone

from youworker.core.models import AuditCheckpoint
from youworker.encryption.crypto import current_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.audit.chain import ChainHead

LABEL = b"youworker audit checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """That the chain had `seq` entries and this head; `source` says where this was read."""

    seq: int
    hash: str
    time: str
    key: str
    mac: str
    source: str = "database"


def checkpoint_keys() -> dict[str, bytes]:
    """The signing keys by name, derived from the encryption keys; the first one signs.

    They are not the session's SECRET_KEY: that one may be exchanged at any time, while these are
    kept in a list until they may go. A minute after a rotation the new key has signed, too.
    """
    found: dict[str, bytes] = {}
    for key in current_keys():
        raw = base64.urlsafe_b64decode(key)
        derived = HKDF(SHA256(), 32, salt=None, info=LABEL).derive(raw)
        found[hashlib.sha256(LABEL + derived).hexdigest()[:16]] = derived
    return found


def signature(key: bytes, seq: int, head: str, time: str) -> str:
    """The signature under a statement."""
    return hmac.new(key, f"{seq}|{head}|{time}".encode(), hashlib.sha256).hexdigest()


def signed(head: ChainHead) -> Checkpoint:
    """The statement that this is the head now."""
    time = as_text(timezone.now())
    name, key = next(iter(checkpoint_keys().items()))
    mac = signature(key, head.seq, head.hash, time)
    return Checkpoint(head.seq, head.hash, time, name, mac)


def is_genuine(checkpoint: Checkpoint, known: dict[str, bytes]) -> bool:
    """Whether the signature is ours."""
    key = known[checkpoint.key]
    made = signature(key, checkpoint.seq, checkpoint.hash, checkpoint.time)
    return hmac.compare_digest(made, checkpoint.mac)


def store_checkpoint(checkpoint: Checkpoint) -> None:
    """Write a checkpoint to the table, and then to the file."""
    AuditCheckpoint.objects.create(
        seq=checkpoint.seq,
        hash=checkpoint.hash,
        created_at=datetime.fromisoformat(checkpoint.time),
        key=checkpoint.key,
        mac=checkpoint.mac,
    )
    append_to_file(checkpoint)


def checkpoint_file() -> Path:
    """The file beside the database; a copy of it elsewhere protects against root as well."""
    return Path(settings.DATA_DIR) / "audit" / "checkpoints.log"


def append_to_file(checkpoint: Checkpoint) -> None:
    """Add a line to the file, for the owner's eyes only."""
    checkpoint_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = asdict(checkpoint)
    del values["source"]
    handle = os.open(checkpoint_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # One write, so that two processes cannot mix their lines.
        os.write(handle, json.dumps(values).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def checkpoints_in_database() -> Iterator[Checkpoint]:
    """The checkpoints of the table, in the order of the chain."""
    for row in AuditCheckpoint.objects.order_by("seq", "pk").iterator():
        yield from_row(row)


def from_row(row: AuditCheckpoint) -> Checkpoint:
    """A row of the table as the statement it keeps."""
    time = as_text(row.created_at)
    return Checkpoint(row.seq, row.hash, time, row.key, row.mac, f"checkpoint {row.pk}")


def checkpoints_in_file() -> Iterator[Checkpoint]:
    """The checkpoints of the file, as they stand there; a line that was cut off is left out."""
    if not checkpoint_file().exists():
        return
    with checkpoint_file().open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            found = parse_checkpoint(line, f"{checkpoint_file().name} line {number}")
            if found is not None:
                yield found


def parse_checkpoint(line: str, source: str) -> Checkpoint | None:
    """A line of the file; None when it is not whole."""
    try:
        values: dict[str, Any] = json.loads(line)
        texts = {name: str(values[name]) for name in ("hash", "time", "key", "mac")}
        return Checkpoint(seq=int(values["seq"]), source=source, **texts)
    except (ValueError, TypeError, KeyError):
        return None


def as_text(time: datetime) -> str:
    """A time as it is signed."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")
