"""The stored originals."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from documents.models import Document


def stored_path(file: str) -> Path | None:
    """Where a stored original lies; none for names that would leave the file store."""
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / file).resolve()
    return path if file and path.is_relative_to(root) and path != root else None


def remove_unused_file(file: str) -> bool:
    """Delete a stored original that no document refers to; whether something was deleted."""
    path = stored_path(file)
    if path is None or Document.all_objects.filter(file=file).exists():
        return False
    existed = path.is_file()
    path.unlink(missing_ok=True)
    return existed
