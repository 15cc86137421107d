"""Scans are worked on page by page: what was read is kept, and others may come in between."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from ingestion.events import announce
from ingestion.models import IngestionRun, ScannedPage
from ingestion.parsing.process import Scans
from ingestion.parsing.scans.rules import PageRead, ScanRules
from ingestion.parsing.sentences import READING_SCANS
from ingestion.pipeline.outcomes import ItemTaken, leased_row
from youworker.core.config import config
from youworker.core.db import relax_durability

if TYPE_CHECKING:
    from ingestion.models import IngestionItem

# Seconds of one file's scans before others come first. Going on with a file costs about one.
TURN = 15.0


class TurnOver(Exception):
    """Others wait, and the file has had its time."""


def scans_of(item: IngestionItem) -> Scans:
    """How the scans of an item are read: not again what was read of them in earlier turns."""
    known = [
        PageRead(page.digest, page.number, page.total, page.text, page.seconds, page.words)
        for page in item.scanned_pages.all()
    ]
    return Scans(rules(), known, partial(take_page, item, until=time.monotonic() + TURN))


def rules() -> ScanRules:
    """What the settings allow."""
    ours = config.ingestion
    return ScanRules(
        enabled=ours.ocr_enabled,
        languages=ours.ocr_languages,
        models=ours.ocr_models,
        most_pages=ours.ocr_max_pages,
        most_seconds=ours.ocr_max_seconds,
    )


def take_page(item: IngestionItem, page: PageRead | None, *, until: float) -> None:
    """Keep a page that was read; nothing when one is only begun.

    Raises `TurnOver` after `until` (monotonic) if other runs wait, and `ItemTaken`.
    """
    if page is None:
        return
    keep_page(item, page)
    announce(item.run, final=False)
    others = IngestionRun.all_objects.with_work().exclude(pk=item.run_id)
    if time.monotonic() > until and others.exists():
        raise TurnOver


@transaction.atomic
def keep_page(item: IngestionItem, page: PageRead) -> None:
    """Store a page and how far its file is; raises `ItemTaken`."""
    relax_durability()
    if not leased_row(item).change(note=READING_SCANS.format(number=page.number, total=page.total)):
        raise ItemTaken
    ScannedPage.objects.update_or_create(
        item=item,
        digest=page.digest,
        number=page.number,
        defaults={
            "total": page.total,
            "text": page.text,
            "words": page.words,
            "seconds": page.seconds,
        },
    )
