"""Where files come from; each source finds the files of a run, and gives workers their bytes."""

from __future__ import annotations

from ingestion.sources.protocol import Source
from ingestion.sources.server_paths import ServerPaths
from ingestion.sources.uploads import Uploads
from ingestion.sources.webpages import WebPages

__all__ = ["SOURCES", "ServerPaths", "Source", "Uploads", "WebPages"]

# By the kind of run.
SOURCES: dict[str, type[Source]] = {
    source.kind: source for source in (Uploads, ServerPaths, WebPages)
}
