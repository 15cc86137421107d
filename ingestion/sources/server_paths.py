"""Files of the server that may be ingested."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from documents import services as documents
from ingestion.enums import RunKind
from ingestion.models import IngestionItem
from ingestion.sources.protocol import Source
from ingestion.store import Incoming, open_without_links
from youworker.core.config import config
from youworker.core.exceptions import Forbidden, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accounts.models import User

MOST_FILES = 100_000
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerPaths(Source):
    """Files and folders of the server; a worker copies each file into the store when it is read."""

    kind: ClassVar = RunKind.PATHS

    paths: Sequence[str | Path]
    # Nothing outside of these folders may be ingested; None: anything may.
    roots: list[Path] | None
    recursive: bool = False

    @property
    def target(self) -> str:
        """The paths, as far as there is room for them."""
        return ", ".join(map(str, self.paths))[:1000]

    def discover(self) -> list[IngestionItem]:
        """The plain files the paths stand for; raises `InvalidInput`."""
        found = files_below(self.paths, recursive=self.recursive, roots=self.roots)
        return [
            IngestionItem(
                name=path.name,
                uri=str(path),
                source=str(path),
                path_hash=documents.server_path_hash(path),
                size=size,
            )
            for path, size in found
        ]

    @staticmethod
    def fetch(item: IngestionItem) -> Incoming | None:
        """A copy of the file, unless there is one; raises `InvalidInput` when it has moved."""
        if not item.source:
            return None
        source = Path(item.source)
        # A folder on the way may have become a link since the path was checked.
        if source.resolve() != source:
            raise InvalidInput("The file has moved since it was handed in.")
        return copy_into_storage(source, limit=config.ingestion.max_file_bytes)


def allowed_roots(actor: User) -> list[Path]:
    """The folders the operator named; raises `Forbidden` unless the actor is staff."""
    if not actor.is_staff:
        raise Forbidden("Only staff may ingest files of the server.")
    return [Path(root).resolve() for root in config.ingestion.roots]


def files_below(
    paths: Sequence[str | Path], *, recursive: bool, roots: list[Path] | None
) -> list[tuple[Path, int]]:
    """The plain files the paths stand for, each once, sorted, with their sizes in bytes.

    Links are followed in the given paths, and never out of `roots`.
    """
    found: dict[Path, int] = {}
    for path in paths:
        for file in files_of(resolved(path, roots), recursive=recursive):
            found[file] = file.lstat().st_size
            if len(found) > MOST_FILES:
                raise InvalidInput(f"There are more than {MOST_FILES} files.", attr="path")
    if not found:
        raise InvalidInput("There is no file to be read.", attr="path")
    return sorted(found.items())


def resolved(path: str | Path, roots: list[Path] | None) -> Path:
    """The real place of a path; raises `InvalidInput`, the same whether it exists elsewhere."""
    missing = InvalidInput(f"There is no {str(path)!r}.", attr="path")
    if roots is not None:
        real = resolved_below(path, roots, attr="path")
    else:
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise missing from error
    if not real.exists():
        raise missing
    return real


def resolved_below(path: str | Path, roots: list[Path], *, attr: str) -> Path:
    """The real place of a path below one of these folders; raises `InvalidInput`."""
    outside = InvalidInput("This path is not below a folder that may be ingested.", attr=attr)
    try:
        real = Path(path).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise outside from error
    if not any(real.is_relative_to(root) for root in roots):
        raise outside
    return real


def files_of(path: Path, *, recursive: bool) -> Iterator[Path]:
    """A file itself, or the files of a folder; hidden ones and links are left out."""
    if path.is_file():
        yield path
        return
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidInput(
            f"{str(path)!r} cannot be read: {error.strerror}.", attr="path"
        ) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif recursive and entry.is_dir(follow_symlinks=False):
            yield from files_of(Path(entry.path), recursive=True)


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
