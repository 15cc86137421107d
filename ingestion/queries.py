"""Reads for other apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.enums import Stage
from ingestion.models import IngestionItem

if TYPE_CHECKING:
    from collections.abc import Collection


def needed_by_items(files: Collection[str]) -> set[str]:
    """Those of the files that are still to be read, or may be read again."""
    unread = (Stage.QUEUED, Stage.PARSING, Stage.FAILED)
    rows = IngestionItem.objects.filter(file__in=files, stage__in=unread)
    return set(rows.values_list("file", flat=True))
