"""The parser as a process of its own: `python -m ingestion.parsing.child MEMORY_MB`.

Frames of JSON, each after its length in four bytes, come over stdin and go over stdout.
"""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ingestion.parsing.reading import parse_file
from ingestion.parsing.scans.rules import PageRead, Scanning, ScanRules
from ingestion.parsing.types import ParsedDocument, ParseFailed
from ingestion.parsing.unpacking import Limits, Unpacking

LENGTH = struct.Struct(">I")
PR_SET_PDEATHSIG = 1
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def main() -> None:
    """Answer requests until the worker closes the pipe."""
    confine(int(sys.argv[1]) * 2**20, parent=int(sys.argv[2]))
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between the frames.
    os.dup2(2, 1)
    while (request := receive(requests)) is not None:
        send(answers, answer(request, scanning_of(request, answers)))


def scanning_of(request: dict[str, Any], answers: BinaryIO) -> Scanning:
    """How pictures are to be read; each page is told as soon as it is begun, and read."""
    pages = [PageRead(*fields) for fields in request["pages"]]
    return Scanning(
        rules=ScanRules(**request["rules"]),
        known={(page.digest, page.number): page for page in pages},
        report=lambda page: send(answers, {"page": page and list(page)}),
    )


def confine(memory: int, *, parent: int) -> None:
    """Limit memory in bytes, forbid core dumps, and end together with the worker."""
    # Not the address space: libraries reserve far more of it than they touch.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit()


def answer(request: dict[str, Any], scan: Scanning) -> dict[str, Any]:
    """The parsed file, or why it cannot be had."""
    path, mime = Path(request["path"]), request["mime"]
    try:
        parsed = parse_file(path, mime, name=request["name"], into=place_of(request), scan=scan)
    except ParseFailed as error:
        return {"error": error.code, "detail": error.detail}
    except MemoryError:
        return {"lost": "out_of_memory"}
    except Exception as error:  # noqa: BLE001 -- one file's trouble is reported, whatever it is
        return trouble(error)
    return as_answer(parsed)


def trouble(error: Exception) -> dict[str, Any]:
    """What to say about an error that is no verdict on the file."""
    if isinstance(error, FileNotFoundError):
        return {"error": "file_missing", "detail": "The file is no longer there."}
    if isinstance(error, OSError) and error.errno in FULL:
        return {"error": "storage_full", "detail": "There is no room left for what is unpacked."}
    return {"lost": "parser_error", "reason": f"{type(error).__name__}: {error}"[:500]}


def place_of(request: dict[str, Any]) -> Unpacking | None:
    """Where files that are in the file are to be written; none when they are not wanted."""
    if not request.get("scratch"):
        return None
    return Unpacking(Path(request["scratch"]), Limits(*request["limits"]))


def as_answer(parsed: ParsedDocument) -> dict[str, Any]:
    """A parsed document without the text, which the passages repeat."""
    return {
        "title": parsed.title,
        "mime": parsed.mime,
        "language": parsed.language,
        "pages": parsed.pages,
        "truncated": parsed.truncated,
        "notes": list(parsed.notes),
        "members": [
            (one.path, one.mime, one.size, one.code, one.detail, one.skipped, one.attached)
            for one in parsed.members
        ],
        "passages": [dataclasses.astuple(draft) for draft in parsed.passages],
    }


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """The next request; none when the pipe was closed."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    found: dict[str, Any] = orjson.loads(stream.read(LENGTH.unpack(head)[0]))
    return found


def send(stream: BinaryIO, value: dict[str, Any]) -> None:
    """Write one answer; unpaired surrogates, which JSON cannot hold, are replaced."""
    try:
        frame = orjson.dumps(value)
    except TypeError:
        frame = orjson.dumps(sound(value))
    stream.write(LENGTH.pack(len(frame)) + frame)
    stream.flush()


def sound(value: Any) -> Any:
    """The value with every text made encodable."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: sound(item) for key, item in value.items()}
    return [sound(item) for item in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
