"""The zip of an export, written piece by piece so that nothing is in memory as a whole."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Self
from uuid import uuid4

import orjson

from youworker.core.files import shortened_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

PIECE = 1 << 20
DAY_ZERO = (1980, 1, 1, 0, 0, 0)
# Every file system takes names of this many bytes, in a folder of some depth.
LONGEST_BYTES = 150
# What a path, a shell or Windows would take for something else.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Part:
    """One file of the package while it is written: hashed and counted as it grows."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes | str) -> None:
        """Add bytes, or text as UTF-8."""
        data = piece.encode("utf-8", "replace") if isinstance(piece, str) else piece
        self.stream.write(data)
        self.digest.update(data)
        self.size += len(data)


class Package:
    """A zip that only its writer's user may read; `close` adds the manifest."""

    def __init__(self, path: Path) -> None:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        os.fchmod(number, 0o600)
        self.file = os.fdopen(number, "wb")
        self.zip = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self.files: dict[str, dict[str, Any]] = {}
        self.counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self.file:
            self.zip.close()

    @contextmanager
    def open_part(self, name: str, *, compressed: bool = True) -> Iterator[Part]:
        """A new file in the package."""
        info = zipfile.ZipInfo(name, DAY_ZERO)
        info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        with self.zip.open(info, "w", force_zip64=True) as stream:
            part = Part(stream)
            yield part
        self.files[name] = {"sha256": part.digest.hexdigest(), "bytes": part.size}

    def add_rows(self, kind: str, rows: Iterable[dict[str, Any]]) -> int:
        """Write rows as one JSON list; how many."""
        count = 0
        with self.open_part(f"data/{kind}.json") as part:
            part.write("[")
            for row in rows:
                part.write(b",\n" if count else b"\n")
                part.write(orjson.dumps(row, default=str, option=orjson.OPT_INDENT_2))
                count += 1
            part.write("\n]\n")
        self.counts[kind] = count
        return count

    def add_file(self, name: str, path: Path) -> bool:
        """Copy a file in as it is; false when it is not there."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        # Large documents are compressed in themselves for the most part.
        small = path.stat().st_size < PIECE
        with source, self.open_part(name, compressed=small) as part:
            while piece := source.read(PIECE):
                part.write(piece)
        return True

    def add_manifest(self, **about: Any) -> None:
        """Say what the package holds, with a checksum of every other file."""
        told = {**about, "counts": self.counts, "files": self.files}
        body = orjson.dumps(told, default=str, option=orjson.OPT_INDENT_2)
        self.zip.writestr(zipfile.ZipInfo("manifest.json", DAY_ZERO), body)


def write_package(path: Path, write: Callable[[Package], None]) -> int:
    """Write a package beside its place and move it there when it is whole; its size in bytes."""
    # A name of its own: a worker that was taken for dead may write still.
    draft = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with Package(draft) as package:
            write(package)
        size = draft.stat().st_size
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return size


def safe_name(name: str) -> str:
    """The last part of a name, without anything that unpacking or opening could stumble over."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join("_" if unicodedata.category(each) in INVISIBLE else each for each in last)
    clean = FORBIDDEN.sub("_", unicodedata.normalize("NFC", shown)).strip(" .")
    if not clean:
        return "unnamed"
    return shortened_name(f"_{clean}" if RESERVED.fullmatch(clean) else clean, LONGEST_BYTES)
