"""Golden questions: written by staff, one by one or as a table."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from documents.golden_csv import GoldenRow
from documents.models import Collection, GoldenQuestion
from documents.models.golden import LONGEST_QUESTION
from youworker import audit
from youworker.core.exceptions import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User
    from documents.models import Document


@transaction.atomic
def save_question(question: GoldenQuestion, *, actor: User | None = None) -> None:
    """Write a question, new or changed.

    Raises `InvalidInput` without a right document, or with one where nobody knows the answer.
    """
    check_right_documents(question)
    same = GoldenQuestion.objects.filter(
        question=question.question, collection=question.collection_id
    )
    if same.exclude(pk=question.pk).exists():
        raise Conflict("This question is there already.")
    if not GoldenQuestion.objects.filter(pk=question.pk).exists():
        question.author = actor
    question.save()
    record(question, "save", actor)


def check_right_documents(question: GoldenQuestion) -> None:
    """Raise `InvalidInput` unless a question has right documents, or is one without an answer."""
    has_documents = bool(question.addresses or question.document_ids)
    if question.unanswerable and (has_documents or question.answer):
        raise InvalidInput(
            "A question that nobody can answer has no right document and no right answer.",
            attr="unanswerable",
        )
    if not question.unanswerable and not has_documents:
        raise InvalidInput("Name at least one right document.", attr="addresses")


@transaction.atomic
def keep_answer(question: str, document: Document, *, actor: User) -> bool:
    """Add a document to the right answers of a question about everything; whether it is a new one.

    Raises `InvalidInput` for a question that is empty or too long.
    """
    text = " ".join(question.split())
    if not text or len(text) > LONGEST_QUESTION:
        raise InvalidInput("A golden question has 1 to 500 characters.", attr="question")
    start = {"document_ids": [document.pk], "author": actor}
    row, is_new = GoldenQuestion.objects.select_for_update().get_or_create(
        question=text, collection=None, defaults=start
    )
    if not is_new and document.pk in row.document_ids:
        return False
    if not is_new:
        row.document_ids.append(document.pk)
        row.unanswerable = False
        row.save(update_fields=["document_ids", "unanswerable", "updated_at"])
    record(row, "save", actor)
    return True


@transaction.atomic
def remove_questions(questions: Iterable[GoldenQuestion], *, actor: User | None = None) -> int:
    """Remove questions with what was measured by them; how many."""
    count = 0
    for question in questions:
        record(question, "remove", actor)
        question.delete()
        count += 1
    return count


@transaction.atomic
def import_questions(
    rows: Sequence[GoldenRow], *, collection: Collection | None = None, actor: User | None = None
) -> tuple[int, int]:
    """Add the questions of a table, all or none; how many are new, and how many were changed.

    What was there with the same words about the same collection is brought up to date.
    `collection` is that of rows that name none. Raises `InvalidInput`.
    """
    known: dict[str, Collection] = {}
    added = changed = 0
    for row in rows:
        place = collection
        if row.collection:
            place = known.get(row.collection) or named_collection(row.collection, actor=actor)
            known[row.collection] = place
        is_new = import_row(row, place, actor)
        added, changed = added + is_new, changed + (not is_new)
    audit.record(
        "admin.settings.update",
        actor=actor,
        setting="golden_questions",
        step="import",
        added=added,
        changed=changed,
    )
    return added, changed


def import_row(row: GoldenRow, collection: Collection | None, actor: User | None) -> bool:
    """Write one question; whether it is new."""
    values: dict[str, Any] = {
        "addresses": list(row.addresses),
        "document_ids": list(row.document_ids),
        "passage": row.passage,
        "answer": row.answer,
        "follows": row.follows,
        "unanswerable": row.unanswerable,
        "language": row.language,
        "note": row.note,
    }
    _, is_new = GoldenQuestion.objects.update_or_create(
        question=row.question,
        collection=collection,
        defaults=values,
        create_defaults={**values, "author": actor},
    )
    return is_new


def named_collection(name: str, *, actor: User | None = None) -> Collection:
    """The living collection of this id or name; raises `InvalidInput` unless there is one.

    An actor names those they see in the library or in the admin, an operator any.
    """
    rows = Collection.objects.all()
    if actor is not None and not actor.has_perm("documents.view_collection"):
        rows = rows.visible_to(actor)
    chosen = rows.filter(name=name)
    with suppress(ValueError):
        chosen = rows.filter(pk=UUID(name))
    found = list(chosen[:2])
    if not found:
        raise InvalidInput("There is no collection “%(name)s”.", name=name, attr="collection")
    if len(found) > 1:
        raise InvalidInput(
            "Several collections are called “%(name)s”; name one by its id.",
            name=name,
            attr="collection",
        )
    return found[0]


def table_of(questions: Iterable[GoldenQuestion]) -> list[GoldenRow]:
    """Questions as the rows of a table."""
    return [
        GoldenRow(
            question=row.question,
            addresses=tuple(row.addresses),
            document_ids=tuple(row.document_ids),
            passage=row.passage,
            answer=row.answer,
            follows=row.follows,
            unanswerable=row.unanswerable,
            collection=str(row.collection_id or ""),
            language=row.language,
            note=row.note,
        )
        for row in questions
    ]


def record(question: GoldenQuestion, step: str, actor: User | None) -> None:
    """Write in the audit log what was done with a question."""
    audit.record(
        "admin.settings.update", actor=actor, target=question, setting="golden_question", step=step
    )
