"""Files of the server that may be ingested."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from youworker.core.config import config
from youworker.core.exceptions import Forbidden, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accounts.models import User

MOST_FILES = 100_000


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
    outside = InvalidInput("This path is not below a folder that may be ingested.", attr="path")
    try:
        real = Path(path).resolve(strict=roots is None)
    except (OSError, ValueError, RuntimeError) as error:
        if roots is None:
            raise InvalidInput(f"There is no {str(path)!r}.", attr="path") from error
        raise outside from error
    if roots is not None and not any(real.is_relative_to(root) for root in roots):
        raise outside
    if not real.exists():
        raise InvalidInput(f"There is no {str(path)!r}.", attr="path")
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
