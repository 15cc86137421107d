"""The file store: originals by the hash of their content, written whole or not at all."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, storages

from documents.exceptions import StorageFull

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from documents.object_storage import ObjectStorage

T = TypeVar("T")
# Bytes that are read at a time.
PIECE = 256 * 1024
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Much of this is waiting for the same disk: together they take the time of a few.
WAITING_AT_ONCE = 8
# Two levels of 256 folders each: none gets so many files that listing it becomes slow.
STORED = "[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/" + "[0-9a-f]" * 64


class ContentStorage(FileSystemStorage):
    """Files whose name says what is in them, so that nothing is ever stored twice."""

    def prepare(self, source: Path, name: str, size: int) -> None:
        """Wait until a complete file would outlive a power failure, and make its folder."""
        flush_path(source)
        self.make_folder(name)

    def move_in(self, source: Path, name: str, size: int) -> None:
        """Give a complete file of the same file system its place; what is there already stays."""
        target = Path(self.path(name))
        # One that lost bytes by a broken disk is replaced.
        if target.is_file() and target.stat().st_size == size:
            return
        self.make_folder(name)
        source.replace(target)

    def make_folder(self, name: str) -> None:
        """Make the folder a file is to lie in."""
        Path(self.path(name)).parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def folders_of(self, name: str) -> list[Path]:
        """The folders whose entries lead to a file, below the store itself."""
        folder, root = Path(self.path(name)).parent, Path(self.location)
        return [folder, *(each for each in folder.parents if each.is_relative_to(root))]

    def size_of(self, name: str) -> int | None:
        """How many bytes a stored file has; None when it is not there."""
        path = self.local_path(name)
        return None if path is None else path.stat().st_size

    def pieces(self, name: str, first: int, last: int) -> Generator[bytes, None, None]:
        """The bytes of a stored file from `first` to `last`, both included."""
        yield from read_pieces(Path(self.path(name)), first, last)

    @contextmanager
    def copy_locally(self, name: str) -> Iterator[Path | None]:
        """The file itself, for a `with` block; None when it is not there."""
        yield self.local_path(name)

    def local_path(self, name: str) -> Path | None:
        """Where a file lies; None when it is not there."""
        try:
            path = Path(self.path(name))
        except SuspiciousFileOperation:
            return None
        return path if path.is_file() else None

    def require_reachable(self) -> None:
        """Nothing: whatever hinders reading a folder is told when it is read."""

    def list_hashes(self, number: int) -> Iterator[list[str]]:
        """List the hashes of all files that are there, so many at a time."""
        hashes = (path.name for path in Path(self.location).glob(STORED))
        while some := list(islice(hashes, number)):
            yield some


def content_storage() -> ContentStorage | ObjectStorage:
    """The storage of originals: a folder, or a bucket where the settings name one."""
    return cast("ContentStorage | ObjectStorage", storages["default"])


def read_pieces(path: Path, first: int, last: int) -> Generator[bytes, None, None]:
    """The bytes of a file from `first` to `last`, both included."""
    left = last - first + 1
    with path.open("rb") as file:
        file.seek(first)
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def storage_name(sha256: str) -> str:
    """The name of content in the storage."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def ensure_incoming_folder() -> Path:
    """Where files lie before they are complete, and copies and contents of others for a while."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def for_each(work: Callable[[T], None], things: Iterable[T]) -> None:
    """Do something that waits for the disk with each of many; raises `StorageFull`."""
    with ThreadPoolExecutor(WAITING_AT_ONCE) as pool, storage_errors():
        list(pool.map(work, things))


def flush_folders(folders: Iterable[Path]) -> None:
    """Wait until the entries of folders would outlive a power failure."""
    for_each(flush_path, folders)


def flush_path(path: Path) -> None:
    """Wait until one file, or the entries of one folder, would outlive a power failure."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a full disk into `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("There is no room left for files on the server.") from error
        raise
