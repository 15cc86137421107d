"""The file store: originals by their content, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings

from ingestion.exceptions import StorageFull
from youworker.common.exceptions import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

CHUNK = 1 << 20
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Half-written files of processes that died.
STALE_SECONDS = 86_400
# A file is stored before the row that refers to it is written.
ORPHAN_SECONDS = 3600
STORED = "[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"
FILES_AT_ONCE = 500


@dataclass(slots=True)
class Incoming:
    """A file that is being received: counted and hashed as its bytes come, not stored yet."""

    name: str
    mime: str = ""
    limit: int = 0
    size: int = 0
    path: Path = field(default_factory=lambda: incoming_folder() / "unopened")
    stream: BinaryIO | None = None
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def open(self) -> None:
        """Create the temporary file."""
        with told_when_full():
            number, name = tempfile.mkstemp(dir=incoming_folder())
        self.path = Path(name)
        self.stream = os.fdopen(number, "wb")

    def write(self, chunk: bytes) -> None:
        """Take some bytes; raises `TooLarge` above the limit and `StorageFull`."""
        self.size += len(chunk)
        if self.limit and self.size > self.limit:
            raise TooLarge(f"{self.name!r} is larger than {self.limit} bytes.")
        assert self.stream is not None  # noqa: S101 -- opened before
        with told_when_full():
            self.stream.write(chunk)
        self.digest.update(chunk)

    def close(self) -> None:
        """Finish writing."""
        if self.stream is not None:
            stream, self.stream = self.stream, None
            with told_when_full():
                stream.close()

    def discard(self) -> None:
        """Forget the bytes, unless they were kept."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with told_when_full():
                stream.close()
        self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """The content's hash."""
        return self.digest.hexdigest()

    @property
    def file(self) -> str:
        """Its place in the file store."""
        return place_of(self.sha256)


def place_of(sha256: str) -> str:
    """Where content is kept, relative to the file store."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def incoming_folder() -> Path:
    """Where files are written before they are complete."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def keep(files: Iterable[Incoming]) -> None:
    """Move received files to their places, flushed to the disk; raises `StorageFull`."""
    # Many small flushes wait for the same disk: together they take the time of a few.
    with ThreadPoolExecutor(8) as pool, told_when_full():
        list(pool.map(keep_one, files))


def keep_one(file: Incoming) -> None:
    """Move one received file to its place; content that is there already stays."""
    file.close()
    target = Path(settings.MEDIA_ROOT) / file.file
    if target.exists():
        # It counts as new, so that it is not taken for an orphan before its row is written.
        os.utime(target)
        file.path.unlink()
        return
    with file.path.open("rb") as written:
        os.fsync(written.fileno())
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.path.replace(target)


def received(source: Path, *, limit: int) -> Incoming:
    """Receive a file of the server; raises `InvalidInput` unless it is a plain file."""
    file = Incoming(name=source.name, limit=limit)
    file.open()
    try:
        with opened(source) as stream:
            while chunk := stream.read(CHUNK):
                file.write(chunk)
    except BaseException:
        file.discard()
        raise
    return file


@contextmanager
def opened(source: Path) -> Iterator[BinaryIO]:
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
    stale = [path for path in incoming_folder().iterdir() if path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def remove_orphans(
    needed: Callable[[Collection[str]], set[str]], remove: Callable[[str], bool]
) -> int:
    """Remove stored files that are not new and that nothing refers to; how many there were."""
    root, removed = Path(settings.MEDIA_ROOT), 0
    names = (str(path.relative_to(root)) for path in root.glob(STORED))
    while some := list(islice(names, FILES_AT_ONCE)):
        for name in sorted(set(some) - needed(some)):
            # Looked at last: a file that is stored once more just now counts as new.
            if is_old(root / name):
                removed += remove(name)
    return removed


def is_old(path: Path) -> bool:
    """Whether the row of a stored file would have been written by now."""
    try:
        return path.stat().st_mtime < time.time() - ORPHAN_SECONDS
    except FileNotFoundError:
        return False


@contextmanager
def told_when_full() -> Iterator[None]:
    """Turn a full disk into `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("There is no room left for files on the server.") from error
        raise
