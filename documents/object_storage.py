"""The file store in a bucket of an S3-compatible server; imported only where one is named."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from documents.exceptions import StorageUnavailable
from documents.storage import PIECE, ensure_incoming_folder, storage_errors
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CONNECT_SECONDS = 5
READ_SECONDS = 60
CONNECTIONS = 20
ATTEMPTS = 3
HASH_LENGTH = 64
MISSING = {"404", "NoSuchKey", "NotFound"}


@deconstructible
class ObjectStorage(Storage):
    """Objects whose name says what is in them, so that nothing is ever stored twice."""

    def __init__(self) -> None:
        place = urlsplit(config.storage.url)
        if place.scheme != "s3" or not place.netloc:
            raise ImproperlyConfigured("STORAGE_URL has to look like s3://BUCKET/PREFIX.")
        self.bucket = place.netloc
        self.prefix = f"{place.path.strip('/')}/".removeprefix("/")

    @property
    def client(self) -> Any:
        """This process's client; a forked one must not share its parent's connections."""
        return client_of(os.getpid())

    def prepare(self, source: Path, name: str, size: int) -> None:
        """Send a complete file, before the transaction that refers to it begins."""
        if self.size_of(name) != size:
            self.send(source, name)

    def move_in(self, source: Path, name: str, size: int) -> None:
        """Make sure that a file is there; it may have been removed since it was sent."""
        self.prepare(source, name, size)

    def send(self, source: Path, name: str) -> None:
        """Write an object, whole or not at all."""
        with server_errors():
            self.client.upload_file(
                str(source), self.bucket, self.key(name), Config=TransferConfig(use_threads=False)
            )

    def folders_of(self, name: str) -> list[Path]:
        """None: an object that was answered for outlives a power failure."""
        return []

    def size_of(self, name: str) -> int | None:
        """How many bytes a stored file has; None when it is not there."""
        try:
            with server_errors():
                found = self.client.head_object(Bucket=self.bucket, Key=self.key(name))
        except FileNotFoundError:
            return None
        return int(found["ContentLength"])

    def pieces(self, name: str, first: int, last: int) -> Generator[bytes, None, None]:
        """The bytes of a stored file from `first` to `last`, both included."""
        with server_errors():
            found = self.client.get_object(
                Bucket=self.bucket, Key=self.key(name), Range=f"bytes={first}-{last}"
            )
            with closing(found["Body"]) as body:
                yield from body.iter_chunks(PIECE)

    @contextmanager
    def copy_locally(self, name: str) -> Iterator[Path | None]:
        """A copy on this machine for a `with` block; None when the file is not there, or damaged.

        Raises `StorageFull` and `StorageUnavailable`.
        """
        with storage_errors():
            number, path = tempfile.mkstemp(dir=ensure_incoming_folder())
        copy = Path(path)
        try:
            with os.fdopen(number, "wb") as target:
                is_whole = self.copy_into(target, name)
            yield copy if is_whole else None
        finally:
            copy.unlink(missing_ok=True)

    def copy_into(self, target: BinaryIO, name: str) -> bool:
        """Write a stored file into another one; false when it is not there, or damaged."""
        size = self.size_of(name)
        if size is None:
            return False
        digest, left = hashlib.sha256(), size
        try:
            for piece in self.pieces(name, 0, size - 1) if size else ():
                # The server has said how much there is, and may send more.
                taken = piece[:left]
                left -= len(taken)
                digest.update(taken)
                with storage_errors():
                    target.write(taken)
        except FileNotFoundError:
            return False
        return digest.hexdigest() == name.rpartition("/")[2]

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        with server_errors():
            self.client.delete_object(Bucket=self.bucket, Key=self.key(name))

    def list_hashes(self, number: int) -> Iterator[list[str]]:
        """List the hashes of all files that are there, so many at a time."""
        hashes = self.hashes()
        while some := list(islice(hashes, number)):
            yield some

    def hashes(self) -> Iterator[str]:
        """The hash of each file."""
        return (sha256 for sha256, _ in self.sizes())

    def sizes(self) -> Iterator[tuple[str, int]]:
        """The hash of each file, and how many bytes it has."""
        pages = self.client.get_paginator("list_objects_v2")
        with server_errors():
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                for found in page.get("Contents", ()):
                    name = found["Key"].rpartition("/")[2]
                    if len(name) == HASH_LENGTH and name.isalnum():
                        yield name, int(found["Size"])

    def names_below(self, folder: str) -> Iterator[str]:
        """The names of the files that begin with this one, which are no originals."""
        pages = self.client.get_paginator("list_objects_v2")
        with server_errors():
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.key(folder)):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self.prefix)

    def require_reachable(self) -> None:
        """Raise `StorageUnavailable` when the bucket cannot be used."""
        try:
            with server_errors():
                self.client.head_bucket(Bucket=self.bucket)
        except FileNotFoundError as error:
            raise StorageUnavailable("The file storage does not answer.") from error

    def key(self, name: str) -> str:
        """The name of a file in the bucket."""
        return f"{self.prefix}{name}"


@lru_cache(maxsize=2)
def client_of(process: int) -> Any:
    """A client for one process."""
    named = config.storage
    return boto3.session.Session().client(
        "s3",
        endpoint_url=named.endpoint_url or None,
        region_name=named.region or None,
        # Without keys the machine's role, or what its environment says, is used.
        aws_access_key_id=named.access_key or None,
        aws_secret_access_key=named.secret_key or None,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            # Hosts of their own for buckets are Amazon's; others rarely have them.
            s3={"addressing_style": "path" if named.endpoint_url else "auto"},
            # What servers of others do not know, and what is checked by our own hash.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def server_errors() -> Iterator[None]:
    """Turn trouble with the server into `StorageUnavailable`, a missing object into its error."""
    try:
        yield
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code")) in MISSING:
            raise FileNotFoundError from error
        raise StorageUnavailable("The file storage does not answer.") from error
    except (BotoCoreError, boto3.exceptions.Boto3Error) as error:
        raise StorageUnavailable("The file storage does not answer.") from error
