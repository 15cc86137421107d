"""The worker's side of the parser process."""

from __future__ import annotations

import dataclasses
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from documents.types import PassageDraft
from ingestion.parsing.scans.rules import PageRead, ScanRules, unreported
from ingestion.parsing.types import Parsed, ParseFailed
from ingestion.parsing.unpacking import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingestion.parsing.unpacking import Limits

LENGTH = struct.Struct(">I")
PROJECT = Path(__file__).resolve().parents[2]
PASSED_ON = ("LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
# Libraries leak a little; a fresh process starts in a fifth of a second.
FILES_PER_PROCESS = 500

# Seconds any file may take, and more for every MiB, up to the configured limit. Real files take
# tenths of a second, and some seconds per MiB at most (tables that unpack to a hundred times
# their size); a machine may be ten times slower and busy besides. A small file that takes longer
# was made to, and what it may cost everybody else is bounded by the first number.
FLOOR_SECONDS = 20.0
SECONDS_PER_MB = 20.0
# For a picture whose text is recognised: three times what recognition takes at most, for unpacking.
SECONDS_PER_PICTURE = 60.0

SENTENCES = {
    "out_of_memory": "Reading the file needs more memory than is allowed.",
    "parser_crashed": "The parser broke down while reading the file.",
    "parser_error": "The parser could not cope with the file.",
}


class ParserLost(Exception):
    """The parser did not survive a file; trying again may help."""

    def __init__(self, code: str, *, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code
        self.detail = SENTENCES[code]


@dataclass(frozen=True, slots=True)
class Scans:
    """How pictures in a file are read: the rules, what is known of it, who is told of a page.

    `report` is called with nothing when a page is begun. What it raises ends the parser.
    """

    rules: ScanRules = field(default_factory=ScanRules)
    pages: Sequence[PageRead] = ()
    report: Callable[[PageRead | None], None] = unreported


class Parser:
    """One parser process, started when it is needed and replaced when it is lost.

    Times are in seconds. Not safe for several threads at once.
    """

    def __init__(self, *, timeout: float, memory_mb: int, beat: float = 10.0) -> None:
        self.timeout = timeout
        self.memory_mb = memory_mb
        self.beat = beat
        self.process: subprocess.Popen[bytes] | None = None
        self.files = 0

    def parse(
        self,
        path: Path,
        mime: str,
        *,
        name: str,
        heartbeat: Callable[[], None],
        scratch: tuple[Path, Limits] | None = None,
        scans: Scans | None = None,
    ) -> Parsed:
        """Parse one file, calling `heartbeat` every `beat` seconds; what it raises ends the parser.

        What is in it comes out into the folder `scratch`, which whoever named it removes.

        Raises `ParseFailed` when the file is at fault, also by taking too long, and `ParserLost`
        when the parser is.
        """
        scans = scans or Scans()
        seconds = seconds_for(path, most=self.timeout)
        process = self.running()
        try:
            send(process, request_for(path, mime, name, scans) | placed(scratch))
            answer = self.receive(process, heartbeat, seconds)
            for _ in range(scans.rules.most_pages * 2):
                if "page" not in answer:
                    break
                page = answer["page"]
                scans.report(page and PageRead(*page))
                answer = self.receive(process, heartbeat, max(seconds, SECONDS_PER_PICTURE))
        except BaseException:
            self.close()
            raise
        self.files += 1
        if self.files >= FILES_PER_PROCESS or "lost" in answer:
            self.close()
        return self.understood(answer)

    def running(self) -> subprocess.Popen[bytes]:
        """The process, a new one when there is none."""
        if self.process is not None and self.process.poll() is not None:
            self.close()
        if self.process is None:
            self.process = start(self.memory_mb)
            self.files = 0
        return self.process

    def receive(
        self, process: subprocess.Popen[bytes], heartbeat: Callable[[], None], seconds: float
    ) -> dict[str, Any]:
        """The next answer; raises `ParseFailed` when it does not come in time.

        Raises `ParserLost` when it cannot come any more.
        """
        assert process.stdout is not None  # noqa: S101 -- opened as a pipe
        left = seconds
        gathered = bytearray()
        wanted = LENGTH.size
        while len(gathered) < wanted:
            left = self.await_bytes(process.stdout.fileno(), left, heartbeat)
            if left <= 0:
                # A verdict: the file would take as long the next time.
                detail = f"Reading the file took longer than {seconds:.3g} s."
                raise ParseFailed("parse_timeout", detail)
            # No more than this answer: the next one may be on its way.
            chunk = os.read(process.stdout.fileno(), min(1 << 20, wanted - len(gathered)))
            if not chunk:
                raise ParserLost("parser_crashed")
            gathered += chunk
            if wanted == LENGTH.size and len(gathered) >= LENGTH.size:
                wanted += LENGTH.unpack_from(gathered)[0]
        found: dict[str, Any] = orjson.loads(gathered[LENGTH.size :])
        return found

    def await_bytes(self, pipe: int, left: float, heartbeat: Callable[[], None]) -> float:
        """Wait until the pipe can be read or no time is left; how many seconds are."""
        while left > 0:
            began = time.monotonic()
            is_readable = bool(select.select([pipe], [], [], min(left, self.beat))[0])
            # A longer wait was none: the machine slept, and so did the parser.
            left -= min(time.monotonic() - began, self.beat)
            if is_readable:
                break
            heartbeat()
        return left

    def understood(self, answer: dict[str, Any]) -> Parsed:
        """The answer as an object, or as the exception it stands for."""
        if "error" in answer:
            raise ParseFailed(answer["error"], answer["detail"])
        if "lost" in answer:
            raise ParserLost(answer["lost"], reason=answer.get("reason", ""))
        drafts = [PassageDraft(*fields) for fields in answer.pop("passages")]
        members = [Member(*fields) for fields in answer.pop("members")]
        return Parsed(**answer, passages=drafts, members=members)

    def close(self) -> None:
        """Kill the process; the next file starts a new one."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def request_for(path: Path, mime: str, name: str, scans: Scans) -> dict[str, Any]:
    """What the parser process is told about a file."""
    return {
        "path": str(path),
        "mime": mime,
        "name": name,
        "rules": dataclasses.asdict(scans.rules),
        "pages": [list(page) for page in scans.pages],
    }


def seconds_for(path: Path, *, most: float) -> float:
    """How long reading a file may take, by its size."""
    size = path.stat().st_size if path.is_file() else 0
    return min(most, FLOOR_SECONDS + SECONDS_PER_MB * size / 2**20)


def start(memory_mb: int) -> subprocess.Popen[bytes]:
    """A parser process that knows no secrets and lives in a neutral directory."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(PROJECT), "HOME": tempfile.gettempdir()}
    # -P: the working directory is no place to import from.
    command = [sys.executable, "-P", "-m", "ingestion.parsing.child", str(memory_mb)]
    return subprocess.Popen(  # noqa: S603 -- no shell, no input of others
        [*command, str(os.getpid())],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        env=environment,
        start_new_session=True,
    )


def placed(scratch: tuple[Path, Limits] | None) -> dict[str, Any]:
    """What a request says about files in the file."""
    if scratch is None:
        return {}
    folder, limits = scratch
    most = [limits.files, limits.file_bytes, limits.bytes, limits.levels]
    return {"scratch": str(folder), "limits": most}


def send(process: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    """Write one request; raises `ParserLost` when nobody reads it."""
    frame = orjson.dumps(request)
    assert process.stdin is not None  # noqa: S101 -- opened as a pipe
    try:
        process.stdin.write(LENGTH.pack(len(frame)) + frame)
    except BrokenPipeError as error:
        raise ParserLost("parser_crashed") from error
