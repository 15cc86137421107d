"""What every source of files can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from documents.models import Document
    from ingestion.enums import RunKind
    from ingestion.models import IngestionItem
    from ingestion.store import Incoming


class Source(Protocol):
    """Where the files of one run come from."""

    kind: ClassVar[RunKind]
    # Fields of an item that `fetch` fills.
    learned: ClassVar[tuple[str, ...]] = ()

    @property
    def target(self) -> str:
        """What the run is called."""

    def discover(self) -> list[IngestionItem]:
        """The files, not saved yet; raises `InvalidInput` when there is none that may be read."""

    @staticmethod
    def fetch(item: IngestionItem) -> Incoming | None:
        """The bytes of a file, to be stored or discarded; None when they are stored already.

        Raises `InvalidInput`, `TooLarge` and `StorageFull`, `SourceRefused` and its kinds, and
        `NotYet`.
        """

    @staticmethod
    def explore(item: IngestionItem, path: Path) -> None:
        """Find what a file that was fetched leads to; repeated when a worker was lost."""
        return

    @staticmethod
    def remember(item: IngestionItem, document: Document) -> None:
        """Note what a later fetch has to know; in the transaction that stores the document."""
        return
