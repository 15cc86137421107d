"""What a model file (GGUF, versions 2 and 3) says of itself at its beginning.

The `gguf` package reads every entry into arrays first, the vocabulary included: a second of CPU
for the five facts that are wanted here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = b"GGUF"
VERSIONS = {2, 3}
# Of real files: a few dozen entries, names below a hundred characters, vocabularies of 260,000.
MOST_ENTRIES = 100_000
LONGEST_NAME = 65_535
LONGEST_TEXT = 1 << 24
MOST_VALUES = 1 << 24
SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
TEXT, ARRAY = 8, 9
DEEPEST = 4
# What is looked for below the architecture's name.
NUMBERS = {
    "context_length": "context_tokens",
    "embedding_length": "dimensions",
    "block_count": "layers",
    "attention.head_count": "heads",
    "attention.head_count_kv": "kv_heads",
    "attention.key_length": "key_length",
    "pooling_type": "pooling",
}
# The vocabulary, which comes behind the numbers in files as they are made.
VOCABULARY = "tokenizer."
# Keys and values are kept in half precision.
BYTES_PER_VALUE = 2


class NotAModelFile(Exception):
    """The file is no GGUF, or a damaged one."""


@dataclass(frozen=True)
class Header:
    """The facts of a model file; numbers it does not tell are 0."""

    architecture: str
    context_tokens: int = 0
    dimensions: int = 0
    layers: int = 0
    heads: int = 0
    kv_heads: int = 0
    key_length: int = 0
    pooling: int = 0

    @property
    def bytes_per_token(self) -> int:
        """What one token of context takes in memory: a key and a value in each layer."""
        width = self.key_length or (self.dimensions // self.heads if self.heads else 0)
        heads = self.kv_heads or self.heads
        return 2 * BYTES_PER_VALUE * self.layers * heads * width


@lru_cache(maxsize=64)
def read_version(path: Path, _size: int, _changed: int) -> Header:
    """Read the facts of one version of a model file; raises `NotAModelFile` and `OSError`."""
    entries: dict[str, Any] = {}
    with path.open("rb") as file:
        try:
            for name, value in entries_of(Reader(file)):
                entries[name] = value
                if name.startswith(VOCABULARY) and header_of(entries).layers:
                    break
        except (EOFError, UnicodeDecodeError) as error:
            raise NotAModelFile("its beginning is damaged") from error
    return header_of(entries)


def read_header(path: Path) -> Header:
    """Read the facts of a model file; raises `NotAModelFile` and `OSError`."""
    found = path.stat()
    return read_version(path, found.st_size, found.st_mtime_ns)


class Reader:
    """Reads numbers and texts of the format one after the other."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def read(self, size: int) -> bytes:
        """The next bytes; raises `EOFError` when the file has fewer."""
        content = self.file.read(size)
        if len(content) < size:
            raise EOFError
        return content

    def number(self, kind: str) -> Any:
        """The next number, of a kind of `struct`."""
        return struct.unpack(f"<{kind}", self.read(struct.calcsize(f"<{kind}")))[0]

    def text(self, longest: int) -> str:
        """The next text."""
        return self.read(bounded(self.number("Q"), longest)).decode()

    def value(self, kind: int, depth: int = 0) -> Any:
        """The next value; of an array only the first number, for the others say the same."""
        if kind in SCALARS:
            return self.number(SCALARS[kind])
        if kind == TEXT:
            return self.text(LONGEST_TEXT)
        if kind != ARRAY or depth > DEEPEST:
            raise NotAModelFile("its beginning is damaged")
        return self.array(depth)

    def array(self, depth: int) -> Any:
        """Pass over an array; its largest number, or None."""
        kind, count = self.number("I"), bounded(self.number("Q"), MOST_VALUES)
        if kind in SCALARS:
            form = f"<{count}{SCALARS[kind]}"
            values = struct.unpack(form, self.read(struct.calcsize(form)))
            return max(values, default=None)
        for _ in range(count):
            if kind == TEXT:
                self.skip(bounded(self.number("Q"), LONGEST_TEXT))
            else:
                self.value(kind, depth + 1)
        return None

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        self.read(size)


def entries_of(reader: Reader) -> Iterator[tuple[str, Any]]:
    """The entries one after the other, until the file's tensors begin."""
    if reader.file.read(len(MAGIC)) != MAGIC:
        raise NotAModelFile("it does not begin like a GGUF file")
    version = reader.number("I")
    if version not in VERSIONS:
        raise NotAModelFile(f"it has version {version} of the format, 2 and 3 are known")
    reader.number("Q")
    for _ in range(bounded(reader.number("Q"), MOST_ENTRIES)):
        name = reader.text(LONGEST_NAME)
        yield name, reader.value(reader.number("I"))


def header_of(entries: dict[str, Any]) -> Header:
    """The facts among all entries."""
    architecture = entries.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise NotAModelFile("it does not say which architecture it has")
    found = {field: whole(entries.get(f"{architecture}.{name}")) for name, field in NUMBERS.items()}
    return Header(architecture, **found)


def whole(value: Any) -> int:
    """A number that is not negative, else 0."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and value > 0 else 0


def bounded(size: int, most: int) -> int:
    """A size that real files have; raises `NotAModelFile`."""
    if size > most:
        raise NotAModelFile("its beginning is damaged")
    return size
