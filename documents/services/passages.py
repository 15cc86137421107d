"""Storing the passages of a document together with their full-text vectors."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection

from documents import compounds
from documents.enums import DocumentStatus
from documents.language import stop_words, text_config
from documents.models import Document, Passage
from documents.services.embedding_queue import queue_documents
from documents.text import indexable, without_nul
from documents.types import PassageDraft
from youworker.core.config import config
from youworker.core.ids import uuid7
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from documents.models import VersionPassage

TITLE_LENGTH = 500
# Rows of one statement: some megabytes of text at most.
BATCH = 1000

# What is stored in `Document.index_version`: the rules by which its passages were indexed. A higher
# one has every document indexed again (`reindexing`), and needs a new condition of the index there.
INDEX_VERSION = 3

# Weights: A the title, B the heading path, D the text. Identifiers have no position, nor have other
# spellings and the parts of compounds: a word whose stem is the same keeps its own.
ROWS = """
    SELECT r.id, r.document, r.ordinal, r.text, r.heading, r.page, r.start, r."end", r.second,
           r.layout,
           setweight(to_tsvector(%(config)s::regconfig, r.title), 'A')
        || setweight(to_tsvector(%(config)s::regconfig, r.headings), 'B')
        || to_tsvector(%(config)s::regconfig, r.words)
        || strip(to_tsvector(%(config)s::regconfig, r.spellings))
        || array_to_tsvector(r.identifiers) AS search
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
        id uuid, document uuid, ordinal int, text text, heading text, page int, start int,
        "end" int, second int, layout text, title text, headings text, words text,
        spellings text, identifiers text[])
"""
INSERT = f"""
    INSERT INTO documents_passage
        (id, document_id, ordinal, text, heading, page, start, "end", second, layout,
         search) {ROWS}
"""
REINDEX = f"""
    UPDATE documents_passage AS p SET search = new.search FROM ({ROWS}) AS new
    WHERE p.id = new.id AND p.search IS DISTINCT FROM new.search
"""  # noqa: S608 -- constants and numbers only
MOVE = """
    UPDATE documents_passage AS p
    SET ordinal = r.ordinal, page = r.page, start = r.start, "end" = r."end", second = r.second,
        layout = r.layout
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS r(id uuid, ordinal int, page int, start int, "end" int, second int, layout text)
    WHERE p.id = r.id
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which stored passages stay, which go, and which are new."""

    kept: list[tuple[UUID, PassageDraft]]
    moved: list[tuple[UUID, PassageDraft]]
    gone: list[UUID]
    fresh: list[PassageDraft]


def replace_passages(
    document_id: UUID,
    drafts: Sequence[PassageDraft],
    *,
    language: str,
    pages: int | None,
    title: str | None = None,
) -> int:
    """Lock a document and make `drafts` its passages; returns how many there are."""
    document = Document.all_objects.select_for_update(no_key=True).get(pk=document_id)
    write_passages(document, drafts, language=language, pages=pages, title=title)
    return document.passage_count


def write_passages(
    document: Document,
    drafts: Sequence[PassageDraft],
    *,
    language: str,
    pages: int | None,
    title: str | None = None,
) -> None:
    """Make `drafts` the passages of a document, which is searchable from the commit on.

    Runs in the caller's transaction, which has locked the document. Passages whose text did not
    change keep their row, hence their vectors and the citations that point to them; every
    embedding model is asked for the vectors of the others. Idempotent.
    """
    before = index_state(document)
    clean = [cleaned(draft) for draft in drafts]
    describe(document, language=language, pages=pages, title=title)
    found = compare(document, clean)
    Passage.objects.filter(pk__in=found.gone).delete()
    execute_over_rows(MOVE, [position(*pair) for pair in found.moved])
    document.index_version = INDEX_VERSION
    if before != index_state(document):
        execute_over_rows(REINDEX, rows_of(document, found.kept), document)
    execute_over_rows(
        INSERT, rows_of(document, ((uuid7(), draft) for draft in found.fresh)), document
    )
    document.passage_count = len(clean)
    document.status = DocumentStatus.SEARCHABLE
    document.save_fields(
        *("title", "language", "text_config", "index_version"),
        *("pages", "passage_count", "status"),
    )
    queue_documents([document.pk])


def renew_index(document: Document) -> None:
    """Index the passages of a document again; in the caller's transaction."""
    stored = Passage.objects.filter(document=document).order_by("ordinal").defer("search")
    rows = ((row.pk, draft_of(row)) for row in stored.iterator(BATCH))
    execute_over_rows(REINDEX, rows_of(document, rows), document)
    # It says nothing of the document itself, hence no time of a change.
    Document.all_objects.filter(pk=document.pk).update(index_version=INDEX_VERSION)


def index_state(document: Document) -> tuple[str, str, int]:
    """What all passages of a document are indexed by, beside their texts."""
    return document.text_config, document.title, document.index_version


def describe(document: Document, *, language: str, pages: int | None, title: str | None) -> None:
    """Note what parsing found out; a title and a language given by a person stay."""
    if not document.language_chosen:
        document.language = language[:16]
        document.text_config = text_config(language, config.vector.language)
    document.pages = pages
    found = clean_name(title or "")[:TITLE_LENGTH]
    if found and not document.renamed:
        document.title = found


def compare(document: Document, drafts: Iterable[PassageDraft]) -> Comparison:
    """Pair new passages with stored ones of the same text and heading, in order."""
    stored: defaultdict[tuple[str, str], list[Passage]] = defaultdict(list)
    for row in Passage.objects.filter(document=document).defer("search").order_by("-ordinal"):
        stored[row.heading, row.text].append(row)
    result = Comparison([], [], [], [])
    for draft in drafts:
        same = stored[draft.heading, draft.text]
        if not same:
            result.fresh.append(draft)
            continue
        row = same.pop()
        result.kept.append((row.pk, draft))
        if draft_of(row) != draft:
            result.moved.append((row.pk, draft))
    result.gone.extend(row.pk for rows in stored.values() for row in rows)
    return result


def draft_of(row: Passage | VersionPassage) -> PassageDraft:
    """The draft a stored passage was made of."""
    return PassageDraft(
        row.ordinal, row.text, row.heading, row.page, row.start, row.end, row.second, row.layout
    )


def cleaned(draft: PassageDraft) -> PassageDraft:
    """The draft as PostgreSQL can store it."""
    text, heading = without_nul(draft.text), without_nul(draft.heading)
    return replace(draft, text=text, heading=heading)


def position(pk: UUID, draft: PassageDraft) -> dict[str, Any]:
    """Where a kept passage stands now."""
    return {
        "id": str(pk),
        "ordinal": draft.ordinal,
        "page": draft.page,
        "start": draft.start,
        "end": draft.end,
        "second": draft.second,
        "layout": draft.layout,
    }


def rows_of(
    document: Document, pairs: Iterable[tuple[UUID, PassageDraft]]
) -> Iterator[dict[str, Any]]:
    """Passages with everything their full-text vector is made of."""
    title = indexable(document.title)
    heading, heading_text = indexable(""), ""
    for pk, draft in pairs:
        # Passages of a chapter share its heading.
        if draft.heading != heading_text:
            heading, heading_text = indexable(draft.heading), draft.heading
        text = indexable(draft.text)
        names = {*title.identifiers, *heading.identifiers, *text.identifiers}
        spellings = title.spellings | heading.spellings | text.spellings
        yield {
            **position(pk, draft),
            "document": str(document.pk),
            "text": draft.text,
            "heading": draft.heading,
            "title": title.words,
            "headings": heading.words,
            "words": text.words,
            "spellings": " ".join(
                [
                    spelled_out(spellings, document.text_config),
                    *compound_parts(document, f"{document.title}\n{draft.heading}\n{draft.text}"),
                ]
            ),
            "identifiers": list(names),
        }


def compound_parts(document: Document, text: str) -> list[str]:
    """The parts of compounds in a passage, in languages that write them as one word."""
    return compounds.compound_parts(text) if document.text_config == compounds.LANGUAGE else []


def spelled_out(spellings: Mapping[str, frozenset[str]], config_name: str) -> str:
    """The other spellings of all words but stop words, which may be words without accents."""
    ignored = stop_words(config_name)
    kept = {other for word, others in spellings.items() if word not in ignored for other in others}
    return " ".join(sorted(kept))


def execute_over_rows(
    statement: str, rows: Iterable[Mapping[str, Any]], document: Document | None = None
) -> None:
    """Execute a statement over rows, some at a time; nothing happens for none."""
    name = document.text_config if document is not None else None
    batch: list[Mapping[str, Any]] = []
    with connection.cursor() as cursor:
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                cursor.execute(statement, {"rows": as_json(batch), "config": name})
                batch = []
        if batch:
            cursor.execute(statement, {"rows": as_json(batch), "config": name})


def as_json(rows: list[Mapping[str, Any]]) -> str:
    """The rows as one parameter."""
    return orjson.dumps(rows).decode()
