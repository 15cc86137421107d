"""Documents and their passages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from documents.enums import DocumentStatus
from documents.models import Document, Passage
from youworker.core.inspection import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_AT_ONCE = 2000

# Passages follow each other in the text, without gaps in their numbers; their texts may be longer
# than the stretch they stand for, when a table's head is repeated.
MISPLACED = """
    SELECT document_id, count(*) FILTER (WHERE wrong), count(*), max(ordinal) + 1
    FROM (
        SELECT document_id, ordinal,
               start < 0 OR "end" <= start OR text = ''
               OR start < lag(start) OVER (PARTITION BY document_id ORDER BY ordinal) AS wrong
        FROM documents_passage
    ) AS placed
    GROUP BY document_id
    HAVING bool_or(wrong) OR min(ordinal) <> 0 OR max(ordinal) + 1 <> count(*)
    ORDER BY document_id
"""


def find_unreadable_documents(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Documents that nothing can be found in."""
    own = Passage.objects.filter(document=OuterRef("pk"))
    rows = Document.all_objects.exclude(status=DocumentStatus.PROCESSING).exclude(Exists(own))
    for pk in rows.order_by("pk").values_list("pk", flat=True).iterator(ROWS_AT_ONCE):
        yield Finding(str(pk))


def find_wrong_counts(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Documents that say they have more or fewer passages than they have."""
    own = Passage.objects.filter(document=OuterRef("pk")).order_by().values("document")
    count = Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0)
    rows = Document.all_objects.annotate(real=count).exclude(passage_count=F("real"))
    values = rows.order_by("pk").values_list("pk", "passage_count", "real")
    for pk, told, real in values.iterator(ROWS_AT_ONCE):
        yield Finding(str(pk), f"{told} instead of {real}")


def recount_passages(ids: Sequence[str]) -> int:
    """Let documents say how many passages they have; how many were wrong."""
    return sum(update_count(UUID(pk)) for pk in ids)


@transaction.atomic
def update_count(pk: UUID) -> int:
    """Count the passages of one document, which nobody changes meanwhile."""
    row = Document.all_objects.select_for_update(no_key=True).filter(pk=pk).first()
    if row is None:
        return 0
    real = Passage.objects.filter(document=row).count()
    return Document.all_objects.filter(pk=pk).exclude(passage_count=real).update(passage_count=real)


def find_misplaced_passages(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Documents whose passages are not one after the other, or stand for nothing."""
    for pk, wrong, count, numbers in read_rows(MISPLACED):
        yield Finding(str(pk), f"{wrong} of {count} passages, {numbers} numbers")


def read_rows(statement: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, some at a time."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


PASSAGE_CHECKS = (
    Check(
        "documents-without-passages",
        _("Documents without passages"),
        find_unreadable_documents,
    ),
    Check(
        "wrong-passage-counts",
        _("Documents with a wrong number of passages"),
        find_wrong_counts,
        recount_passages,
    ),
    Check(
        "misplaced-passages",
        _("Documents whose passages are not in order"),
        find_misplaced_passages,
    ),
)
