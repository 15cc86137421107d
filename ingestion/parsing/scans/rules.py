"""What may be spent on the pictures of one file, and what was read of them before."""

from __future__ import annotations

import contextlib
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing.sentences import DAMAGED_PAGES, FIRST_SCANS, READ_BY_OCR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NO_TEXT = "No text was found in the file."
UNRECOGNISED = "The file holds no text, and none was recognised in its images."
OFF = "The file holds images and no text, and reading images is switched off (OCR_ENABLED)."


class PictureText(NamedTuple):
    """What a picture says, and where its words stand."""

    text: str
    words: str


class PageRead(NamedTuple):
    """The text of one picture and how long it took; `digest` is of the file that holds it."""

    digest: str
    number: int
    total: int
    text: str
    seconds: float
    # Where its words stand: of `ingestion.parsing.letters`.
    words: str = ""


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What the operator allows; `languages` are names of models, joined by `+`."""

    enabled: bool = True
    languages: str = "deu+ita+eng"
    models: str = ""
    most_pages: int = 500
    most_seconds: float = 1800.0


def unreported(page: PageRead | None) -> None:
    """Tell nobody about a page."""


@dataclass(slots=True)
class Scanning:
    """The reading of one file's pictures."""

    rules: ScanRules = field(default_factory=ScanRules)
    known: dict[tuple[str, int], PageRead] = field(default_factory=dict)
    # Called with nothing when a picture is begun, and with its text when that is known.
    report: Callable[[PageRead | None], None] = unreported
    pages: int = 0
    legible: int = 0
    seconds: float = 0.0
    left_out: int = 0
    damaged: bool = False
    # Pictures that would be read if reading them were not switched off.
    passed_over: int = 0
    # How the last page had to be turned: the next one lies the same way, most likely.
    turned: int = 0

    def page(
        self, digest: str, number: int, total: int, read: Callable[[], PictureText]
    ) -> PictureText | None:
        """The text of a picture, read now or before; none when no more may be read."""
        if self.pages >= self.rules.most_pages or self.seconds >= self.rules.most_seconds:
            self.left_out += 1
            return None
        found = self.known.get((digest, number))
        if found is None:
            self.report(None)
            began = time.monotonic()
            text, words = read()
            found = PageRead(digest, number, total, text, time.monotonic() - began, words)
            self.report(found)
        self.pages += 1
        self.legible += bool(found.text)
        self.seconds += found.seconds
        return PictureText(found.text, found.words)

    def notes(self) -> list[str]:
        """Sentences for the owner of the file."""
        sentences = {
            READ_BY_OCR: self.legible,
            FIRST_SCANS.format(count=self.pages): self.left_out,
            DAMAGED_PAGES: self.damaged,
        }
        return [sentence for sentence, holds in sentences.items() if holds]

    def silence(self) -> str:
        """Why a file without text has none, for its owner."""
        if self.passed_over:
            return OFF
        return UNRECOGNISED if self.pages else NO_TEXT


now: ContextVar[Scanning] = ContextVar("scanning")


def current() -> Scanning:
    """The reading that is under way; one by the default rules outside of any."""
    found = now.get(None)
    return Scanning() if found is None else found


@contextlib.contextmanager
def scanning(what: Scanning) -> Iterator[None]:
    """Let everything that is read inside share one budget."""
    token = now.set(what)
    try:
        yield
    finally:
        now.reset(token)
