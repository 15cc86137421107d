"""Folders of the server: what is in them, and what changed since they were read last."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from documents.services import server_path_hash
from ingestion.exceptions import SourceEmpty, SourceUnavailable
from ingestion.models import IngestionItem
from ingestion.sources.server_paths import MOST_FILES
from ingestion.store import open_without_links
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.models import Source, SourceEntry

# Programs' own files: locks, halves of downloads, copies of editors, thumbnails.
TEMPORARY = re.compile(
    r"\..*|~.*|.*~|.*\.(?:tmp|temp|part|partial|crdownload|download|swp|swx|lock|bak)"
    r"|thumbs\.db|desktop\.ini|ehthumbs\.db",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class FileState:
    """By what a change of a file is seen without reading it."""

    size: int
    modified_ns: int


@dataclass(slots=True)
class FolderState:
    """The files below a folder, and the folders nobody could look into."""

    files: dict[Path, FileState] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class Changes:
    """What is to be done about a source; entries by the places of their files."""

    read: list[IngestionItem] = field(default_factory=list)
    states: dict[str, FileState] = field(default_factory=dict)
    moved: list[tuple[SourceEntry, Path, FileState]] = field(default_factory=list)
    gone: list[SourceEntry] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def find_changes(source: Source, root: Path, entries: Iterable[SourceEntry]) -> Changes:
    """Compare a folder with what it held; raises `SourceUnavailable` and its kinds."""
    state = scan_folder(root, recursive=source.recursive)
    known = {entry.path_hash: entry for entry in entries}
    if known and not state.files:
        raise SourceEmpty("Nothing is left where files were. Nothing was deleted here.")
    here = {server_path_hash(path): path for path in state.files}
    gone = [
        entry
        for place, entry in known.items()
        if place not in here and not is_below(entry.uri, state.unreadable)
    ]
    changes = Changes(counts={"unchanged": 0, "new": 0, "changed": 0})
    missing: dict[int, list[SourceEntry]] = defaultdict(list)
    for entry in gone:
        missing[entry.size].append(entry)
    for place, path in here.items():
        sort_in(changes, path, state.files[path], known.get(place), missing)
    moved = {entry.pk for entry, _, _ in changes.moved}
    changes.gone = [entry for entry in gone if entry.pk not in moved]
    changes.counts |= {
        "moved": len(changes.moved),
        "deleted": len(changes.gone),
        "unreadable": len(state.unreadable),
    }
    return changes


def sort_in(
    changes: Changes,
    path: Path,
    now: FileState,
    entry: SourceEntry | None,
    missing: dict[int, list[SourceEntry]],
) -> None:
    """Decide what one file is: as it was, moved from elsewhere, changed or new."""
    if entry is not None and entry.sha256 and now == FileState(entry.size, entry.modified_ns):
        changes.counts["unchanged"] += 1
        return
    former = take_former(path, missing[now.size]) if entry is None and now.size else None
    if former is not None:
        changes.moved.append((former, path, now))
        return
    changes.counts["changed" if entry is not None else "new"] += 1
    place = server_path_hash(path)
    changes.states[place] = now
    changes.read.append(
        IngestionItem(
            name=path.name, uri=str(path), source=str(path), path_hash=place, size=now.size
        )
    )


def take_former(path: Path, candidates: list[SourceEntry]) -> SourceEntry | None:
    """The missing file of this content, taken out of those of its size; only then it is read."""
    if not any(entry.sha256 for entry in candidates):
        return None
    try:
        with open_without_links(path) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except (InvalidInput, OSError):
        return None
    for entry in candidates:
        if entry.sha256 == digest:
            candidates.remove(entry)
            return entry
    return None


def scan_folder(root: Path, *, recursive: bool) -> FolderState:
    """The plain files below a folder, without hidden and temporary ones, and without links.

    Raises `SourceUnavailable` when the folder itself cannot be read.
    """
    found = FolderState()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listed:
                entries = list(listed)
        except OSError as error:
            if folder == root:
                raise SourceUnavailable(
                    "The folder cannot be read: %(reason)s.", reason=error.strerror
                ) from error
            found.unreadable.append(folder)
            continue
        waiting += take_entries(found, entries, recursive=recursive)
        if len(found.files) > MOST_FILES:
            raise SourceUnavailable("There are more than %(most)s files.", most=MOST_FILES)
    return found


def take_entries(
    found: FolderState, entries: list[os.DirEntry[str]], *, recursive: bool
) -> list[Path]:
    """Note the files of one folder; the folders inside that are to be looked into."""
    folders = []
    for entry in entries:
        # A name that is no text can be neither stored nor shown.
        if TEMPORARY.fullmatch(entry.name) or not is_text(entry.name):
            continue
        try:
            if entry.is_file(follow_symlinks=False):
                state = entry.stat(follow_symlinks=False)
                found.files[Path(entry.path)] = FileState(state.st_size, state.st_mtime_ns)
            elif recursive and entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
        except OSError:
            # It went while we looked, or may come back: the next sync sees.
            found.unreadable.append(Path(entry.path))
    return folders


def is_text(name: str) -> bool:
    """Whether a file's name is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_below(uri: str, folders: list[Path]) -> bool:
    """Whether a file lies in one of these folders."""
    return any(Path(uri).is_relative_to(folder) for folder in folders)
