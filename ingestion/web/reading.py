"""What a page or a file of the web says, read by the parser process, without storing it."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from documents.whole_text import joined_text
from ingestion.exceptions import PageRefused
from ingestion.parsing.process import Parser, ParserLost, Scans
from ingestion.parsing.scans.rules import ScanRules
from ingestion.parsing.types import ParseFailed
from ingestion.web.addresses import file_name_of
from ingestion.web.arriving import file_name, is_page, self_describing, type_of
from youworker.core.config import config
from youworker.core.per_loop import PerLoop

if TYPE_CHECKING:
    from ingestion.parsing.types import Parsed
    from youworker.upstream.fetcher import Fetched

# Pages are read in tenths of a second; what takes longer would keep a conversation waiting.
SECONDS = 20.0
BEAT = 0.5
# Each is a process of its own, beside those of the workers.
AT_ONCE = 2
turns: PerLoop[asyncio.Semaphore] = PerLoop(lambda: asyncio.Semaphore(AT_ONCE))


class Broken(Exception):
    """Nobody waits for the page any more."""


async def read_answer(answer: Fetched) -> tuple[str, str]:
    """Title and text of what a server sent; raises `PageRefused` when nothing can be read."""
    stop = threading.Event()
    mime = type_of(answer)
    body = self_describing(answer) if is_page(mime) else answer.body
    name = file_name_of(answer.url) if is_page(mime) else file_name(answer, answer.url)
    async with turns.get():
        try:
            parsed = await asyncio.to_thread(parse_bytes, body, mime, name, stop)
        except ParseFailed as error:
            raise PageRefused("%(reason)s", reason=error.detail) from error
        except ParserLost as error:
            raise PageRefused("The page could not be read.") from error
        finally:
            stop.set()
    return parsed.title, joined_text(parsed.passages)


def parse_bytes(body: bytes, mime: str, name: str, stop: threading.Event) -> Parsed:
    """Parse a body in a process that ends with it; raises `ParseFailed` and `ParserLost`."""

    def watch() -> None:
        if stop.is_set():
            raise Broken

    parser = Parser(timeout=SECONDS, memory_mb=config.ingestion.parse_memory_mb, beat=BEAT)
    with tempfile.TemporaryDirectory(prefix="youworker-page-") as folder:
        path = Path(folder) / "page"
        path.write_bytes(body)
        try:
            # Recognising pictures takes seconds for each.
            scans = Scans(ScanRules(enabled=False))
            return parser.parse(path, mime, name=name, heartbeat=watch, scans=scans)
        finally:
            parser.close()
