"""Whether the owner of a source may still read and fill what it reads and fills."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from documents import services as documents
from ingestion.enums import SourceKind
from ingestion.exceptions import SourceNotAllowed, SourceUnavailable
from ingestion.sources.server_paths import allowed_roots, resolved_below
from youworker.core.exceptions import DomainError, InvalidInput

if TYPE_CHECKING:
    from accounts.models import User
    from documents.models import Collection
    from ingestion.models import Source


def require_allowed(source: Source) -> Collection:
    """The collection a source fills; raises `SourceNotAllowed` when its owner may not."""
    if not source.owner.is_active:
        raise SourceNotAllowed("The owner's account is closed.")
    if source.collection_id is None:
        raise SourceNotAllowed("The collection was deleted.")
    try:
        collection = documents.writable_collection(source.collection_id, actor=source.owner)
    except DomainError as error:
        raise SourceNotAllowed("The owner may not fill the collection any more.") from error
    if source.kind == SourceKind.FOLDER:
        require_roots(source.owner)
    return collection


def require_roots(owner: User) -> list[Path]:
    """The folders somebody may read; raises `SourceNotAllowed` when they may read none."""
    try:
        return allowed_roots(owner)
    except DomainError as error:
        raise SourceNotAllowed("Only staff may ingest files of the server.") from error


def folder_of(source: Source) -> Path:
    """The real folder of a source.

    Raises `SourceNotAllowed` when it is outside of the allowed ones, and `SourceUnavailable` when
    it is not there.
    """
    try:
        return checked_folder(source.target, require_roots(source.owner))
    except InvalidInput as error:
        raise SourceNotAllowed(error.template, **error.details) from error


def checked_folder(target: str, roots: list[Path]) -> Path:
    """A folder below one of these; raises `InvalidInput`, or `SourceUnavailable` without it."""
    # A relative path lies below none.
    below = roots if Path(target).is_absolute() else []
    real = resolved_below(target, below, attr="target")
    if not real.is_dir():
        raise SourceUnavailable("The folder is not there.")
    return real
