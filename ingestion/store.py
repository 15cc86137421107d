"""Files on their way in: counted and hashed as their bytes come, not stored yet."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from documents.storage import storage_errors
from youworker.core.exceptions import TooLarge

# Half-written files of processes that died.
STALE_SECONDS = 86_400


@dataclass(slots=True)
class Incoming:
    """A file that is being received, beside the place where it is to be stored."""

    name: str
    mime: str = ""
    limit: int = 0
    size: int = 0
    path: Path = field(default_factory=lambda: ensure_incoming_folder() / "unopened")
    stream: BinaryIO | None = None
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def open(self) -> None:
        """Create the temporary file."""
        with storage_errors():
            number, name = tempfile.mkstemp(dir=ensure_incoming_folder())
        self.path = Path(name)
        self.stream = os.fdopen(number, "wb")

    def write(self, chunk: bytes) -> None:
        """Take some bytes; raises `TooLarge` above the limit and `StorageFull`."""
        self.size += len(chunk)
        if self.limit and self.size > self.limit:
            raise TooLarge(f"{self.name!r} is larger than {self.limit} bytes.")
        assert self.stream is not None  # noqa: S101 -- opened before
        with storage_errors():
            self.stream.write(chunk)
        self.digest.update(chunk)

    def close(self) -> None:
        """Finish writing."""
        if self.stream is not None:
            stream, self.stream = self.stream, None
            with storage_errors():
                stream.close()

    def discard(self) -> None:
        """Forget the bytes, unless they were stored."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with storage_errors():
                stream.close()
        self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """The content's hash."""
        return self.digest.hexdigest()


def ensure_incoming_folder() -> Path:
    """Where files are written before they are complete."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def remove_stale() -> int:
    """Delete half-written files of processes that died; how many there were."""
    limit = time.time() - STALE_SECONDS
    stale = [path for path in ensure_incoming_folder().iterdir() if path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
