"""What a backup says of itself, signed with a key of the installation it is of."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import orjson

from youworker.backup.exceptions import BackupRefused
from youworker.backup.places import MANIFEST
from youworker.backup.sealing import write_draft
from youworker.encryption.crypto import SHOWN, current_keys, fingerprints
from youworker.encryption.stream_cipher import purpose_key

if TYPE_CHECKING:
    from youworker.backup.buckets import Location

FORMAT = 1
PIECE = 1 << 20
PURPOSE = "backup manifest"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup. `files` are the hashes of originals with their sizes, in bytes."""

    made_at: str
    server_version: int
    # The newest migration of each app: older code cannot read what newer wrote.
    migrations: dict[str, str]
    # Of the keys that rows may be encrypted with; the first one signed this.
    keys: list[str]
    parts: dict[str, str]
    files: dict[str, int]
    rows: dict[str, int]
    # For whom it is encrypted; empty = for nobody.
    recipient: str = ""
    # The originals are only listed: they stay in a bucket, which has backups of its own.
    in_bucket: bool = False
    # Originals that were not in the storage when the backup was made.
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT


def write_manifest(folder: Location, manifest: Manifest) -> None:
    """Write a manifest with its signature."""
    body = orjson.dumps(asdict(manifest), option=orjson.OPT_SORT_KEYS)
    signed = {"manifest": orjson.loads(body), "signature": signature(body, current_keys()[0])}
    with write_draft(folder / MANIFEST) as file:
        file.write(orjson.dumps(signed, option=orjson.OPT_INDENT_2))


def read_manifest(folder: Location) -> Manifest:
    """Read a manifest; raises `BackupRefused` when it is damaged, altered, foreign or newer."""
    try:
        signed = orjson.loads((folder / MANIFEST).read_bytes())
        said, given = signed["manifest"], str(signed["signature"])
        if int(said["format"]) > FORMAT:
            raise BackupRefused("The backup was made by a newer version: update first.")
        manifest = Manifest(**said)
        body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"The manifest in {folder} is missing or damaged.") from error
    known = dict(zip(fingerprints(), current_keys(), strict=True))
    signer = manifest.keys[0] if manifest.keys else ""
    if signer not in known:
        raise BackupRefused(
            f"The backup belongs to an installation with the key {signer[:SHOWN] or 'of nobody'}: "
            "put that key into MESSAGE_ENCRYPTION_KEYS, it may stand behind others."
        )
    if not hmac.compare_digest(given, signature(body, known[signer])):
        raise BackupRefused("The manifest was altered after it was written.")
    return manifest


def signature(body: bytes, key: str) -> str:
    """What only somebody with the key can write under a manifest."""
    return hmac.digest(purpose_key(key, PURPOSE), body, "sha256").hex()


def checksum(path: Location) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
