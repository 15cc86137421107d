"""Labels of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from documents.models import Document, Tag
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_TAG = 64


def ensure_tags(names: Iterable[str]) -> list[Tag]:
    """The tags of these names, created where they are missing; blank names are left out."""
    clean = [clean_name(name)[:LONGEST_TAG].rstrip() for name in names]
    wanted = list(dict.fromkeys(name for name in clean if name))
    if not wanted:
        return []
    # In one order everywhere, so that two transactions never wait for each other.
    drafts = [Tag(name=name) for name in sorted(wanted)]
    Tag.objects.bulk_create(drafts, ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=wanted))


def add_tags(document: Document, names: Iterable[str]) -> None:
    """Label a document, keeping the labels it has."""
    rows = ensure_tags(names)
    if rows:
        document.tags.add(*rows)


def set_tags(document: Document, names: Iterable[str]) -> None:
    """Make these the labels of a document."""
    document.tags.set(ensure_tags(names))


@transaction.atomic
def remove_unused_tags() -> int:
    """Remove labels that no document carries any more; how many."""
    unused = Tag.objects.filter(documents=None).values("pk")
    # Locked first and looked at again, so that one that is being given just now stays.
    locked = list(
        Tag.objects.filter(pk__in=unused).select_for_update().values_list("pk", flat=True)
    )
    return Tag.objects.filter(pk__in=locked, documents=None).delete()[0]
