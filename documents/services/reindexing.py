"""Indexing again what older rules indexed, beside everything else; search goes on meanwhile."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction

from documents.models import Document
from documents.services.passages import INDEX_VERSION, renew_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

PAGE = 100


def reindex_documents(
    *,
    until: float = float("inf"),
    limit: int | None = None,
    tell: Callable[[], object] = lambda: None,
) -> int:
    """Index documents of older rules again, newest first, till `until` (monotonic); how many.

    One transaction each: what was done stays done, several processes share the work, and nobody
    waits for longer than one document takes. Deleted ones are among them, as they may come back.
    """
    count = 0
    for pk in islice(outdated_documents(), limit):
        count += reindex_document(pk)
        tell()
        if time.monotonic() >= until:
            break
    return count


def count_outdated() -> int:
    """How many documents older rules have indexed."""
    count: int = Document.all_objects.indexed_before(INDEX_VERSION).count()
    return count


def outdated_documents() -> Iterator[UUID]:
    """The ids of documents that older rules indexed, newest first."""
    outdated = Document.all_objects.indexed_before(INDEX_VERSION).order_by("-pk")
    last: UUID | None = None
    while True:
        rows = outdated if last is None else outdated.filter(pk__lt=last)
        page = list(rows.values_list("pk", flat=True)[:PAGE])
        if not page:
            return
        yield from page
        last = page[-1]


@transaction.atomic
def reindex_document(pk: UUID) -> bool:
    """Index one document again; false when somebody else is at it, or was."""
    rows = Document.all_objects.indexed_before(INDEX_VERSION).filter(pk=pk)
    document = rows.select_for_update(skip_locked=True, no_key=True).first()
    if document is None:
        return False
    renew_index(document)
    return True
