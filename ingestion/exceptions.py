"""What the services of ingestion refuse with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from youworker.core.exceptions import Conflict, DomainError

if TYPE_CHECKING:
    from documents.models import Document


class SourceRefused(Exception):
    """A file cannot be had from where it is; `detail` is for its owner."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class SourceAway(SourceRefused):
    """A file cannot be had now; it is asked for again after `pause` seconds at least."""

    def __init__(self, code: str, detail: str, *, pause: float = 0.0) -> None:
        super().__init__(code, detail)
        self.pause = pause


class NotNeeded(SourceRefused):
    """A file is there already, as `document`, or is not wanted; its item is skipped."""

    def __init__(self, code: str, detail: str, *, document: Document | None = None) -> None:
        super().__init__(code, detail)
        self.document = document


class NotYet(Exception):
    """It is not this file's turn for so many seconds; that is nobody's fault."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not for {seconds:g} s")
        self.seconds = seconds


class IngestionFinished(Conflict):
    """Nothing of the run is left to be cancelled."""

    code = "run_finished"


class NothingToRetry(Conflict):
    """No item of the run has failed."""

    code = "nothing_to_retry"


class SourceUnavailable(DomainError):
    """A source cannot be read now; nothing of it is deleted."""

    code, status = "source_unavailable", 503


class SourceEmpty(SourceUnavailable):
    """Nothing is left where files were: more likely a disk that is not there than a deletion."""

    code = "source_empty"


class SourceShrunk(SourceUnavailable):
    """Most of a source is gone at once, which somebody has to confirm."""

    code = "source_shrunk"


class SourceNotAllowed(DomainError):
    """The owner of a source may not read or fill any more what it reads or fills."""

    code, status = "source_not_allowed", 403


class SourceBusy(Conflict):
    """A source is being read, or does not take part."""

    code = "source_busy"


class PageRefused(DomainError):
    """A page of the web cannot be read now, or may not be."""

    code, status = "page_refused", 422
