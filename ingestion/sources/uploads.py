"""Files that were sent to us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from documents import services as documents
from ingestion.enums import RunKind
from ingestion.models import IngestionItem
from ingestion.sources.protocol import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.store import Incoming


@dataclass(frozen=True, slots=True)
class Uploads(Source):
    """Files that were received; they are stored together with their run."""

    kind: ClassVar = RunKind.UPLOAD

    files: Sequence[Incoming]

    @property
    def target(self) -> str:
        """The name of the file, or how many there are."""
        return self.files[0].name if len(self.files) == 1 else f"{len(self.files)} files"

    def discover(self) -> list[IngestionItem]:
        """The files as they were received."""
        return [
            IngestionItem(
                name=file.name,
                uri=file.name,
                path_hash=documents.upload_path_hash(file.sha256),
                mime=file.mime[:255],
                size=file.size,
                sha256=file.sha256,
                stored_file_id=file.sha256,
            )
            for file in self.files
        ]

    @staticmethod
    def fetch(item: IngestionItem) -> None:
        """Nothing: the bytes are stored already."""
