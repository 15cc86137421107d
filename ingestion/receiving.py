"""Uploads on their way in: written, hashed and counted as their bytes come."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from ingestion.store import Incoming
from youworker.core.config import config
from youworker.core.exceptions import TooLarge

if TYPE_CHECKING:
    from django.http import HttpRequest


class ReceivedFile(UploadedFile):
    """An uploaded file whose bytes lie in the store's waiting room."""

    def __init__(self, incoming: Incoming) -> None:
        super().__init__(name=incoming.name, content_type=incoming.mime, size=incoming.size)
        self.incoming = incoming

    def close(self) -> None:
        """Leave the bytes to whoever keeps or discards them."""


class ReceivingHandler(FileUploadHandler):
    """Gives every file of a request to the store; `discard` forgets what was not kept."""

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received: list[Incoming] = []
        self.total = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, Any],  # noqa: N803 -- Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse a request that announces too much before anything is written."""
        self.count(content_length)
        self.total = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        file = Incoming(
            name=shown_name(self.file_name or ""),
            mime=self.content_type or "",
            limit=config.ingestion.max_file_bytes,
        )
        self.received.append(file)
        file.open()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take some bytes."""
        self.count(len(raw_data))
        self.received[-1].write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        """Hand the file to the view."""
        self.received[-1].close()
        return ReceivedFile(self.received[-1])

    def count(self, size: int) -> None:
        """Add bytes to the request; raises `TooLarge` above the limit."""
        self.total += size
        limit = config.ingestion.max_upload_bytes
        if self.total > limit:
            raise TooLarge(f"A request may carry at most {limit} bytes.")

    def discard(self) -> None:
        """Delete what was received and not kept."""
        for file in self.received:
            file.discard()


def shown_name(name: str) -> str:
    """A file name without folders, control characters or excessive length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(character for character in last if character.isprintable()).strip()
    return clean[-255:].strip() or "unnamed"
