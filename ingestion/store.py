"""Files on their way in: counted and hashed as their bytes come, not stored yet."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings

from documents.storage import storage_errors
from youworker.core.exceptions import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
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


def copy_into_storage(source: Path, *, limit: int) -> Incoming:
    """Copy a file of the server beside the file store; raises `InvalidInput` for anything else."""
    file = Incoming(name=source.name, limit=limit)
    file.open()
    try:
        with open_without_links(source) as stream:
            while chunk := stream.read(CHUNK):
                file.write(chunk)
        file.close()
    except BaseException:
        file.discard()
        raise
    return file


@contextmanager
def open_without_links(source: Path) -> Iterator[BinaryIO]:
    """A plain file opened for reading; links and devices are refused."""
    try:
        number = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidInput(f"The file cannot be read: {error.strerror}.") from error
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise InvalidInput("This is not a plain file.")
        yield stream


def remove_stale() -> int:
    """Delete half-written files of processes that died; how many there were."""
    limit = time.time() - STALE_SECONDS
    stale = [path for path in ensure_incoming_folder().iterdir() if path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
