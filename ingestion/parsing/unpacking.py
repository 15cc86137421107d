"""Files that come out of a file: written beside each other, named by number, within limits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHUNK = 256 * 1024
# More than this, and more than so many times the archive itself, is nothing that people pack.
SMALL_UNPACKED = 50_000_000
LARGEST_RATIO = 200
LONGEST_PATH = 1000
# What systems leave in archives, and nobody wrote.
LEFTOVERS = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini"}
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file cannot be read, as it is stored."""

    code: str
    detail: str

    def failure(self) -> ParseFailed:
        """The exception; never one that is kept, for it would hold all that it passed through."""
        return ParseFailed(self.code, self.detail)


TOO_MUCH = Reason("too_large_inside", "The file unpacks to more data than can be read.")
ENCRYPTED = Reason("encrypted_file", "The file is protected by a password.")
UNSAFE = Reason("unsafe_path", "The name of this file leads out of its archive.")
NO_FILE = Reason("not_a_file", "This is a link or a device, not a file.")
EMPTY = Reason("empty_file", "The file is empty.")
DAMAGED = Reason("damaged_file", "The file is damaged or was cut off.")
TOO_DEEP = Reason("nested_too_deep", "There are too many archives within archives.")
UNKNOWN_METHOD = Reason("unsupported_type", "This file was packed by a method that is not known.")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come out of one file: files, bytes of each, bytes of all.

    Of `levels` below 1, archives are not unpacked at all.
    """

    files: int
    file_bytes: int
    bytes: int
    levels: int = 1


@dataclass(slots=True)
class Member:
    """A file in a file: its path in there, its size, or why it was not unpacked."""

    path: str
    mime: str = ""
    size: int = 0
    code: str = ""
    detail: str = ""
    # What is no failure: links, empty files.
    skipped: bool = False
    # Belongs to this very file, as an attachment does, and is not at a place of its own.
    attached: bool = False


class Overfull(Exception):
    """One file is larger than any file may be."""


@dataclass(slots=True)
class Unpacking:
    """Takes the files that are in a file; the bytes of number n are the file `folder/n`.

    Raises `ParseFailed` when all that comes out is more than is allowed.
    """

    folder: Path
    limits: Limits
    # Bytes of the file that is unpacked; 0 when what comes out cannot be larger.
    packed: int = 0
    members: list[Member] = field(default_factory=list)
    unpacked: int = 0
    paths: set[str] = field(default_factory=set)

    def add(
        self, path: str, chunks: Iterable[bytes], *, mime: str = "", attached: bool = False
    ) -> None:
        """Write one file under its path; one that leads elsewhere or is too large is refused."""
        if is_leftover(path):
            return
        if not is_inside(path):
            self.refuse(path, UNSAFE)
            return
        member = self.new_member(path, mime=mime, attached=attached)
        try:
            member.size = self.write(len(self.members) - 1, chunks)
        except Overfull:
            member.code = "too_large"
            member.detail = f"The file is larger than {self.limits.file_bytes} bytes."
        except ParseFailed as error:
            if error.code == TOO_MUCH.code:
                # Whoever goes on without it must not find it among those that came out.
                self.members.pop()
                raise
            member.code, member.detail = error.code, error.detail
        if not member.size and not member.code:
            member.code, member.detail, member.skipped = EMPTY.code, EMPTY.detail, True

    def refuse(self, path: str, reason: Reason, *, skipped: bool = False) -> None:
        """Note why a file does not come out."""
        if not is_leftover(path):
            member = self.new_member(path)
            member.code, member.detail, member.skipped = reason.code, reason.detail, skipped

    def new_member(self, path: str, *, mime: str = "", attached: bool = False) -> Member:
        """Count one more file; of several with one path, the later ones get a number."""
        if len(self.members) >= self.limits.files:
            raise ParseFailed(
                "too_many_inside", f"There are more than {self.limits.files} files in this file."
            )
        member = Member(self.free_path(tidy(path)), mime=mime, attached=attached)
        self.paths.add(member.path)
        self.members.append(member)
        return member

    def free_path(self, path: str) -> str:
        """The path, with a number when there is such a file."""
        if path not in self.paths:
            return path
        folder, slash, name = path.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        if not stem:
            stem, dot, ending = name, "", ""
        # Not from 2 on: ten thousand of one name would take the square of that.
        number = len(self.members) + 1
        while (free := f"{folder}{slash}{stem} ({number}){dot}{ending}") in self.paths:
            number += 1
        return free

    def write(self, number: int, chunks: Iterable[bytes]) -> int:
        """Write the bytes of one file as they come; how many there were."""
        target, size = self.folder / str(number), 0
        self.folder.mkdir(mode=0o700, exist_ok=True)
        try:
            with target.open("xb") as stream:
                for chunk in chunks:
                    size += len(chunk)
                    self.count(len(chunk))
                    self.check_size(size)
                    stream.write(chunk)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return size

    def check_size(self, size: int) -> None:
        """Raise `Overfull` when one file has more bytes than any may."""
        if size > self.limits.file_bytes:
            raise Overfull

    def count(self, size: int) -> None:
        """Add bytes to all that came out; raises `ParseFailed` above the limit."""
        self.unpacked += size
        if self.unpacked > self.largest:
            raise TOO_MUCH.failure()

    @property
    def largest(self) -> int:
        """How many bytes may come out altogether."""
        if not self.packed:
            return self.limits.bytes
        return min(self.limits.bytes, max(SMALL_UNPACKED, self.packed * LARGEST_RATIO))


def is_leftover(path: str) -> bool:
    """Whether a path leads to something that only an operating system wants."""
    parts = path.replace("\\", "/").lower().split("/")
    return parts[-1].startswith("._") or not LEFTOVERS.isdisjoint(parts)


def is_inside(path: str) -> bool:
    """Whether a path stays where it is unpacked."""
    plain = path.replace("\\", "/")
    return not (plain.startswith("/") or DRIVE.match(plain) or ".." in plain.split("/"))


def tidy(path: str) -> str:
    """A path with printable letters, without empty parts and excessive length."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in path)
    parts = [part for part in printable.replace("\\", "/").split("/") if part.strip(" .")]
    return "/".join(parts)[-LONGEST_PATH:].lstrip("/") or "unnamed"
