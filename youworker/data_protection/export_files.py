"""The files of exports: on this machine, or in the bucket of the originals for all processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from documents.storage import ContentStorage, content_storage

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from documents.content import Content
    from documents.object_storage import ObjectStorage

FOLDER = "exports"


@dataclass(frozen=True, slots=True)
class BucketContent:
    """The bytes of a file in the bucket."""

    bucket: ObjectStorage
    name: str
    size: int

    def pieces(self, first: int, last: int) -> Generator[bytes, None, None]:
        """Those from `first` to `last`, both included."""
        return self.bucket.pieces(self.name, first, last)


def bucket_in_use() -> ObjectStorage | None:
    """The bucket of the originals; none when they lie on this machine."""
    storage = content_storage()
    return None if isinstance(storage, ContentStorage) else storage


def send_to_bucket(pk: UUID) -> None:
    """Bring a complete file where every process can read it, and none stays behind."""
    bucket = bucket_in_use()
    if bucket is not None:
        bucket.send(path_of(pk), name_of(pk))
        path_of(pk).unlink(missing_ok=True)


def content_of(pk: UUID) -> Content | Path | None:
    """The file of an export; none when it is not there."""
    path, bucket = path_of(pk), bucket_in_use()
    # It may be older than the bucket.
    if path.is_file():
        return path
    size = bucket.size_of(name_of(pk)) if bucket is not None else None
    return None if bucket is None or size is None else BucketContent(bucket, name_of(pk), size)


def remove_file(pk: UUID) -> None:
    """Delete the file of an export, with its drafts; nothing happens when there is none."""
    for path in ensure_exports_folder().glob(f"*{pk}.zip*"):
        path.unlink(missing_ok=True)
    bucket = bucket_in_use()
    if bucket is not None:
        bucket.delete(name_of(pk))


def local_files() -> dict[Path, UUID | None]:
    """The files on this machine, each with its export."""
    folder = ensure_exports_folder()
    return {path: id_of(path.name) for path in folder.iterdir() if path.is_file()}


def files_in_bucket() -> Iterator[tuple[str, UUID | None]]:
    """The names in the bucket, each with its export."""
    bucket = bucket_in_use()
    for name in bucket.names_below(f"{FOLDER}/") if bucket is not None else ():
        yield name, id_of(name.rpartition("/")[2])


def name_of(pk: UUID) -> str:
    """What the file of an export is called in the bucket."""
    return f"{FOLDER}/{pk}.zip"


def path_of(pk: UUID) -> Path:
    """Where the file of an export lies while it is made, and afterwards without a bucket."""
    return ensure_exports_folder() / f"{pk}.zip"


def id_of(name: str) -> UUID | None:
    """The export a file belongs to."""
    try:
        return UUID(name.removeprefix(".").partition(".")[0])
    except ValueError:
        return None


def ensure_exports_folder() -> Path:
    """The folder of the files, which nobody else may read."""
    folder = Path(settings.EXPORTS_ROOT)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
