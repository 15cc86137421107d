"""A place for backups in a bucket: as much of a path as they need, over the storage's client."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from documents.exceptions import StorageUnavailable
from documents.storage import ensure_incoming_folder
from youworker.backup.exceptions import BackupRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME = "s3://"
MISSING = {"404", "NoSuchKey", "NotFound"}
KEY_REFUSED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
# Bytes that are sent or read at a time; a part of an upload stays in memory.
PIECE = 1 << 20
PART = 16 << 20
# S3 takes as many in one request.
MOST_DELETED = 1000


@dataclass(frozen=True, slots=True)
class BucketPath:
    """An object of a bucket, or whatever begins with its name and a slash."""

    bucket: str
    key: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}".rstrip("/")

    def __truediv__(self, name: str) -> BucketPath:
        return BucketPath(self.bucket, f"{self.key}/{name}".lstrip("/"))

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> BucketPath:
        """What holds it."""
        return BucketPath(self.bucket, self.key.rpartition("/")[0])

    @property
    def prefix(self) -> str:
        """What the names of all within begin with."""
        return f"{self.key}/" if self.key else ""

    def is_file(self) -> bool:
        """Whether there is such an object."""
        try:
            with told_errors(self):
                client().head_object(Bucket=self.bucket, Key=self.key)
        except FileNotFoundError:
            return False
        return True

    exists = is_file

    def is_dir(self) -> bool:
        """Whether anything is within."""
        with told_errors(self):
            found = client().list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
        return bool(found.get("KeyCount"))

    def names(self) -> list[str]:
        """The names of what is directly within."""
        pages = client().get_paginator("list_objects_v2")
        names: list[str] = []
        with told_errors(self):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"):
                inner = [one["Prefix"].rstrip("/") for one in page.get("CommonPrefixes", ())]
                inner += [one["Key"] for one in page.get("Contents", ())]
                names += [one.rpartition("/")[2] for one in inner]
        return names

    def walk(self) -> Iterator[BucketPath]:
        """All objects within, at any depth."""
        pages = client().get_paginator("list_objects_v2")
        with told_errors(self):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                for one in page.get("Contents", ()):
                    yield BucketPath(self.bucket, one["Key"])

    def open(self, mode: str = "rb") -> BinaryIO:
        """Read an object as it arrives; raises `FileNotFoundError`, `StorageUnavailable`."""
        if mode != "rb":
            raise ValueError(mode)
        with told_errors(self):
            found = client().get_object(Bucket=self.bucket, Key=self.key)
        return io.BufferedReader(Arriving(self, found["Body"]), PIECE)

    def read_bytes(self) -> bytes:
        """The content of a small object."""
        with self.open() as file:
            return file.read()

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """A file that becomes the object when the block ends well."""
        with tempfile.NamedTemporaryFile(dir=ensure_incoming_folder()) as draft:
            yield draft  # type: ignore[misc]  # it is one in all but name
            draft.flush()
            self.send(Path(draft.name))

    def send(self, source: Path) -> None:
        """Send a file, whole or not at all, a part at a time."""
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 -- only where there is a bucket

        parts = TransferConfig(
            use_threads=False, multipart_threshold=PART, multipart_chunksize=PART
        )
        with told_errors(self):
            client().upload_file(str(source), self.bucket, self.key, Config=parts)

    def unlink(self) -> None:
        """Remove an object; nothing happens when it is not there."""
        with told_errors(self):
            client().delete_object(Bucket=self.bucket, Key=self.key)

    def remove_all(self) -> None:
        """Remove everything within."""
        found = list(self.walk())
        for first in range(0, len(found), MOST_DELETED):
            some = [{"Key": one.key} for one in found[first : first + MOST_DELETED]]
            with told_errors(self):
                client().delete_objects(Bucket=self.bucket, Delete={"Objects": some, "Quiet": True})

    def abort_uploads(self, older_than: timedelta) -> int:
        """Give up uploads that a killed process left half done; how many there were."""
        limit, count = datetime.now(UTC) - older_than, 0
        with told_errors(self):
            found = client().list_multipart_uploads(Bucket=self.bucket, Prefix=self.prefix)
            for one in found.get("Uploads", ()):
                if one["Initiated"] < limit:
                    client().abort_multipart_upload(
                        Bucket=self.bucket, Key=one["Key"], UploadId=one["UploadId"]
                    )
                    count += 1
        return count


class Arriving(io.RawIOBase):
    """The bytes of an object on their way."""

    def __init__(self, path: BucketPath, body: Any) -> None:
        self.path, self.body = path, body

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, target: Any) -> int:
        """Take as many as are wanted, or arrive."""
        with told_errors(self.path):
            piece = self.body.read(len(target))
        target[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Leave the rest."""
        self.body.close()
        super().close()


Location = Path | BucketPath


def location_of(text: str | Path) -> Location:
    """The folder, or the place in a bucket, that somebody named; raises `BackupRefused`."""
    said = str(text)
    if not said.startswith(SCHEME):
        if "://" in said:
            raise BackupRefused(
                "A place for backups is a folder, or looks like s3://BUCKET/PREFIX."
            )
        return Path(said)
    found = urlsplit(said)
    if not found.netloc or found.query or found.fragment or "@" in found.netloc:
        raise BackupRefused("A place for backups is a folder, or looks like s3://BUCKET/PREFIX.")
    return BucketPath(found.netloc, found.path.strip("/"))


def client() -> Any:
    """The client of the storage: its server, region and keys count for backups as well."""
    from documents.object_storage import client_of  # noqa: PLC0415 -- only where there is a bucket

    return client_of(os.getpid())


@contextmanager
def told_errors(path: BucketPath) -> Iterator[None]:
    """Turn trouble into a sentence (`StorageUnavailable`), a missing object into its error."""
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 -- only where there is a bucket
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in MISSING:
            raise FileNotFoundError(str(path)) from error
        raise StorageUnavailable(sentence_for(path, code)) from error
    except NoCredentialsError as error:
        raise StorageUnavailable(sentence_for(path, "AccessDenied")) from error
    except (BotoCoreError, Boto3Error, OSError) as error:
        if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
            raise
        raise StorageUnavailable(sentence_for(path, "")) from error


def sentence_for(path: BucketPath, code: str) -> str:
    """What an operator is told of a refusal."""
    if code == "NoSuchBucket":
        return f"There is no bucket {path.bucket!r}."
    if code in KEY_REFUSED:
        return (
            f"{SCHEME}{path.bucket} lets us not in: look at STORAGE_ACCESS_KEY, "
            "STORAGE_SECRET_KEY, and what that key may do there."
        )
    return f"{SCHEME}{path.bucket} does not answer{f' ({code})' if code else ''}."


def remove_folder(path: Location) -> None:
    """Remove a folder with what is in it."""
    if isinstance(path, BucketPath):
        path.remove_all()
    else:
        shutil.rmtree(path)


def make_folder(path: Location) -> None:
    """Make a private folder; a bucket needs none."""
    if not isinstance(path, BucketPath):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
