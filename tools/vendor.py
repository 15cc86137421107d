"""Other people's programs for browsers: `python -m tools.vendor` copies what `vendor.toml` names.

Copying asks npm, and is for developers; `--check` compares the files with the lock, offline;
`--outdated` lists newer versions.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from base64 import b64encode
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "youworker/static/vendor"
LOCK = f"{FOLDER}/vendor.lock"
# What npm puts in front of each path of a package.
INSIDE = "package/"
SVG = "http://www.w3.org/2000/svg"
# Kept with each icon, so that a page says nothing but its name.
STROKE = (
    'fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round"'
)
SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@dataclass
class Library:
    """One section of `vendor.toml`."""

    name: str
    package: str
    version: str
    integrity: str
    licence: str
    files: list[str]
    strip: str = ""
    into: str = ""
    sprite: str = ""
    icons: list[str] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Where its files go."""
        return self.into or f"{FOLDER}/{self.name}"

    @property
    def line(self) -> str:
        """What the lock says about it."""
        return f"# {self.package}@{self.version} {self.integrity} {self.licence}"

    @property
    def patterns(self) -> list[str]:
        """The paths that are named, each without alternatives."""
        return [pattern for named in self.files for pattern in alternatives(named)]

    def place(self, path: str) -> str:
        """Where a file of the package goes."""
        return f"{self.folder}/{path.removeprefix(self.strip)}"


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare files with the lock")
    parser.add_argument("--outdated", action="store_true", help="list newer versions")
    arguments = parser.parse_args()
    libraries = read_libraries(ROOT)
    if arguments.check:
        findings = list(differences(ROOT, libraries))
        sys.stderr.writelines(f"{finding}\n" for finding in findings)
        return bool(findings)
    if arguments.outdated:
        sys.stdout.writelines(f"{line}\n" for line in newer_versions(libraries))
        return 0
    fetch_all(ROOT, libraries)
    return 0


def read_libraries(root: Path) -> list[Library]:
    """The sections of `vendor.toml`."""
    sections: dict[str, dict[str, Any]] = tomllib.loads((root / "vendor.toml").read_text())
    return [Library(name, **section) for name, section in sections.items()]


def alternatives(pattern: str) -> Iterator[str]:
    """A path with `{a,b}` as each of the paths it stands for."""
    if found := re.search(r"\{([^{}]*)\}", pattern):
        for choice in found[1].split(","):
            yield from alternatives(pattern[: found.start()] + choice + pattern[found.end() :])
    else:
        yield pattern


def fetch_all(root: Path, libraries: list[Library]) -> None:
    """Copy the files of all libraries, and write the lock."""
    copied: dict[str, bytes] = {}
    for library in libraries:
        content = unpack(fetch_archive(library))
        copied |= wanted_files(library, content)
        if library.sprite:
            copied[library.sprite] = draw_sprite(library.icons, content)
    for stale in read_lock(root)[1].keys() | present_files(root, libraries):
        (root / stale).unlink(missing_ok=True)
    for path, data in copied.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    lines = [library.line for library in libraries]
    lines += [f"{digest_of(data)}  {path}" for path, data in sorted(copied.items())]
    (root / LOCK).write_text("".join(f"{line}\n" for line in lines))


def fetch_archive(library: Library) -> bytes:
    """The package as the registry has it; its bytes are what `vendor.toml` expects."""
    name = f"{library.package}@{library.version}"
    with tempfile.TemporaryDirectory() as folder:
        run_npm("pack", "--ignore-scripts", "--pack-destination", folder, name)
        (packed,) = Path(folder).iterdir()
        data = packed.read_bytes()
    found = f"sha512-{b64encode(hashlib.sha512(data).digest()).decode()}"
    if found != library.integrity:
        raise SystemExit(f"{name}: the archive has {found}, expected {library.integrity}")
    return data


def run_npm(*arguments: str) -> str:
    """What npm prints."""
    command = ["npm", *arguments, "--silent"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of a package by their paths; links and folders are none."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        files = ((file.name, members.extractfile(file)) for file in members if file.isfile())
        return {name.removeprefix(INSIDE): file.read() for name, file in files if file is not None}


def wanted_files(library: Library, content: dict[str, bytes]) -> dict[str, bytes]:
    """The files that a section names, by where they go."""
    found: dict[str, bytes] = {}
    for pattern in library.patterns:
        matching = [path for path in content if fnmatchcase(path, pattern)]
        if not matching:
            raise SystemExit(f"{library.package} has no file {pattern}")
        found |= {library.place(path): content[path] for path in matching}
    return found


def read_lock(root: Path) -> tuple[list[str], dict[str, str]]:
    """The lines about libraries, and the digest of each file."""
    path = root / LOCK
    lines = path.read_text().splitlines() if path.exists() else []
    digests = (line.split("  ", 1) for line in lines if not line.startswith("#"))
    return (
        [line for line in lines if line.startswith("#")],
        {name: digest for digest, name in digests},
    )


def present_files(root: Path, libraries: list[Library]) -> set[str]:
    """What stands in the libraries' folders."""
    folders = {FOLDER, *(library.folder for library in libraries)}
    paths = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix() for path in paths} - {LOCK}


def differences(root: Path, libraries: list[Library]) -> Iterator[str]:
    """Where the files, the lock and `vendor.toml` do not agree."""
    about, digests = read_lock(root)
    if about != [library.line for library in libraries]:
        yield f"{LOCK} is about other versions than vendor.toml: make vendor"
    for path, digest in digests.items():
        if not (root / path).is_file():
            yield f"{path} is missing"
        elif digest_of((root / path).read_bytes()) != digest:
            yield f"{path} is not what was copied"
    for path in sorted(present_files(root, libraries) - digests.keys()):
        yield f"{path} is not in the lock"


def digest_of(data: bytes) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(data).hexdigest()


def newer_versions(libraries: list[Library]) -> Iterator[str]:
    """The libraries of which there is another version now."""
    for library in libraries:
        latest = run_npm("view", library.package, "dist-tags.latest").strip()
        if latest != library.version:
            yield f"{library.package} {library.version} -> {latest}"


def draw_sprite(names: list[str], content: dict[str, bytes]) -> bytes:
    """The icons of Lucide's package that are named, as symbols."""
    symbols = "".join(symbol(name, content) for name in sorted(names))
    return f'<svg xmlns="{SVG}">\n{symbols}</svg>\n'.encode()


def symbol(name: str, content: dict[str, bytes]) -> str:
    """One icon."""
    found = SHAPES.search(content[f"icons/{name}.svg"].decode())
    if found is None:
        raise SystemExit(f"the icon {name} has no shapes")
    shapes = " ".join(found[1].split()).replace("> <", "><").replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24" {STROKE}>{shapes}</symbol>\n'


if __name__ == "__main__":
    sys.exit(main())
