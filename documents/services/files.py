"""The stored originals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from documents.models import Document

if TYPE_CHECKING:
    from collections.abc import Callable

# Who else needs stored originals; apps above this one add themselves when they are loaded.
needed_elsewhere: list[Callable[[str], bool]] = []


def stored_path(file: str) -> Path | None:
    """Where a stored original lies; none for names that would leave the file store."""
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / file).resolve()
    return path if file and path.is_relative_to(root) and path != root else None


def remove_unused_file(file: str) -> bool:
    """Delete a stored original that nobody needs; whether something was deleted."""
    path = stored_path(file)
    if path is None or is_needed(file):
        return False
    existed = path.is_file()
    path.unlink(missing_ok=True)
    return existed


def is_needed(file: str) -> bool:
    """Whether a document, or something that is to become one, refers to a stored original."""
    if Document.all_objects.filter(file=file).exists():
        return True
    return any(needed(file) for needed in needed_elsewhere)
