"""Where files come from; each source finds the files of a run, and gives workers their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from ingestion.sources.server_paths import ServerPaths
from ingestion.sources.uploads import Uploads

if TYPE_CHECKING:
    from ingestion.enums import RunKind
    from ingestion.models import IngestionItem
    from ingestion.store import Incoming

__all__ = ["SOURCES", "ServerPaths", "Source", "Uploads"]


class Source(Protocol):
    """Where the files of one run come from."""

    kind: ClassVar[RunKind]

    @property
    def target(self) -> str:
        """What the run is called."""

    def discover(self) -> list[IngestionItem]:
        """The files, not saved yet; raises `InvalidInput` when there is none that may be read."""

    @staticmethod
    def fetch(item: IngestionItem) -> Incoming | None:
        """The bytes of a file, to be stored or discarded; None when they are stored already.

        Raises `InvalidInput`, `TooLarge` and `StorageFull`.
        """


# By the kind of run.
SOURCES: dict[str, type[Source]] = {source.kind: source for source in (Uploads, ServerPaths)}
