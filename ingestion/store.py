"""Files on their way in: counted and hashed as their bytes come, not stored yet."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from documents.storage import ensure_incoming_folder, storage_errors
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from django.http import HttpRequest

# Half-written files of processes that died.
STALE_SECONDS = 86_400


@dataclass(slots=True)
class Incoming:
    """A file that is being received, beside the place where it is to be stored."""

    name: str
    mime: str = ""
    limit: int = 0
    # The way to it in the folder that was chosen, if one was; with its name.
    place: str = ""
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
            raise TooLarge(
                "“%(name)s” is larger than %(limit)s bytes.", name=self.name, limit=self.limit
            )
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


def remove_stale() -> int:
    """Delete half-written files of processes that died; how many there were."""
    limit = time.time() - STALE_SECONDS
    stale = [path for path in ensure_incoming_folder().iterdir() if is_older(path, limit)]
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(stale)


def is_older(path: Path, limit: float) -> bool:
    """Whether a file was last written before a time; false when it went meanwhile."""
    try:
        return path.stat().st_mtime < limit
    except FileNotFoundError:
        return False


def hashed_file(path: Path, name: str) -> Incoming | None:
    """A file that another process wrote, counted and hashed; none when it is no plain file."""
    try:
        with open_without_links(path) as stream:
            digest = hashlib.file_digest(stream, "sha256")
            return Incoming(name=name, size=stream.tell(), path=path, digest=digest)
    except InvalidInput:
        return None


@contextmanager
def open_without_links(source: Path) -> Iterator[BufferedReader]:
    """A plain file opened for reading; links and devices are refused."""
    try:
        number = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidInput(f"The file cannot be read: {error.strerror}.") from error
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise InvalidInput("This is not a plain file.")
        yield stream


class ReceivedFile(UploadedFile):
    """An uploaded file whose bytes lie in the store's waiting room."""

    def __init__(self, incoming: Incoming) -> None:
        super().__init__(name=incoming.name, content_type=incoming.mime, size=incoming.size)
        self.incoming = incoming

    def close(self) -> None:
        """Leave the bytes to whoever keeps or discards them."""


class ReceivingHandler(FileUploadHandler):
    """Gives every file of a request to the store; `discard` forgets what was not kept."""

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received: list[Incoming] = []
        self.total = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, Any],  # noqa: N803 -- Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse a request that announces too much before anything is written."""
        self.count(content_length)
        self.total = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        file = Incoming(
            name=safe_file_name(self.file_name or ""),
            mime=self.content_type or "",
            limit=config.ingestion.max_file_bytes,
        )
        self.received.append(file)
        file.open()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take some bytes."""
        self.count(len(raw_data))
        self.received[-1].write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        """Hand the file to the view."""
        self.received[-1].close()
        return ReceivedFile(self.received[-1])

    def count(self, size: int) -> None:
        """Add bytes to the request; raises `TooLarge` above the limit."""
        self.total += size
        limit = config.ingestion.max_upload_bytes
        if self.total > limit:
            raise TooLarge("A request may carry at most %(limit)s bytes.", limit=limit)

    def discard(self) -> None:
        """Delete what was received and not kept."""
        for file in self.received:
            file.discard()


def safe_file_name(name: str) -> str:
    """A file name without folders, control characters or excessive length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(character for character in last if character.isprintable()).strip()
    return clean[-255:].strip() or "unnamed"
