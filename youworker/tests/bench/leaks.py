"""Whether anybody is shown a passage that is not theirs: a library of marked passages, asked much.

What each user may see is kept in plain sets beside the database, so that the rules are not
checked by themselves.
"""

from __future__ import annotations

import hashlib
import logging
import random
import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection

from accounts.models import User
from chat.runs.citations import CitationIndex, passages_for_model, read_passages
from documents import services
from documents.enums import Access, SearchMode
from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    Passage,
    VersionPassage,
)
from documents.search import search
from documents.services.embeddings import as_text, ensure_active_model
from documents.types import PassageDraft
from groups.models import Group, Membership
from mcp.builtin.semantic import passages as tool_result
from youworker.tests.bench import Figure, Report
from youworker.tests.bench.search_corpus import scratch_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from documents.models import EmbeddingModel

MARK = re.compile(r"canary(\d+)x")
PER_DOCUMENT = 20
SHELVES = 3
WORDS = ("leave", "notice", "travel", "budget", "review", "contract", "salary", "holiday", "report")
PROMPT_CHARACTERS = 8000

FILL = """
    INSERT INTO documents_passage
        (id, document_id, ordinal, text, heading, start, "end", search)
    SELECT id, document, ordinal, text, '', ordinal * 100, ordinal * 100 + 100,
           to_tsvector('english', text)
    FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[]) AS r(id, document, ordinal, text)
"""
EMBED = """
    INSERT INTO documents_passageembedding (passage_id, document_id, model_id, vector)
    SELECT id, document, %s::uuid, vector::halfvec
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS r(id, document, vector)
"""


@dataclass(slots=True)
class Library:
    """Who owns what, who is in which group, and what was shared with it."""

    chance: random.Random
    users: list[User] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    members: dict[UUID, set[UUID]] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    # By the number in a mark; the mark of older versions is one that nobody may find.
    numbers: dict[UUID, int] = field(default_factory=dict)
    shelves: dict[UUID, Collection] = field(default_factory=dict)
    shelf_groups: dict[UUID, set[UUID]] = field(default_factory=dict)
    direct_groups: dict[UUID, set[UUID]] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)
    fresh: count[int] = field(default_factory=count)

    def visible(self, user: User) -> set[int]:
        """The marks of what a user may see at this moment."""
        own_groups = {pk for pk, members in self.members.items() if user.pk in members}
        return {
            self.numbers[document.pk]
            for document in self.documents
            if document.pk not in self.gone
            and (
                user.pk in (document.owner_id, self.shelves[document.collection_id].owner_id)
                or self.shelf_groups.get(document.collection_id, set()) & own_groups
                or self.direct_groups.get(document.pk, set()) & own_groups
            )
        }


@dataclass(slots=True)
class Verdict:
    """What was shown to whom; `foreign` has a line for each passage that was somebody else's."""

    shown: Counter[str] = field(default_factory=Counter)
    foreign: list[str] = field(default_factory=list)

    def look(self, where: str, text: str, allowed: set[int]) -> None:
        """Count the marks in a text, and those that do not belong there."""
        marks = {int(number) for number in MARK.findall(text)}
        self.shown[where] += len(marks)
        self.foreign += [f"canary {number} in {where}" for number in sorted(marks - allowed)]


def furnish(people: int, passages: int, *, seed: int = 1) -> Library:
    """Users with so many marked passages each; groups, shared shelves and shared documents."""
    library = Library(random.Random(seed))
    library.users = [User.objects.create(username=f"canary-{n}") for n in range(people)]
    model = ensure_active_model()
    for number in range(max(2, people // 4)):
        add_group(library, number)
    for user in library.users:
        for number in range(SHELVES):
            add_shelf(library, user, number, round(passages / SHELVES / PER_DOCUMENT), model)
    for document in library.chance.sample(library.documents, len(library.documents) // 5):
        share_directly(library, document)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE documents_passage, documents_passageembedding, documents_document")
    return library


def add_group(library: Library, number: int) -> None:
    """A group of a third of the users."""
    group = Group.objects.create(name=f"Canaries {number}")
    members = library.chance.sample(library.users, max(2, len(library.users) // 3))
    Membership.objects.bulk_create(Membership(group=group, user=user) for user in members)
    library.groups.append(group)
    library.members[group.pk] = {user.pk for user in members}


def add_shelf(library: Library, user: User, number: int, count: int, model: EmbeddingModel) -> None:
    """A collection with documents: the first is private, others may be shared with a group."""
    shelf = Collection.objects.create(owner=user, name=f"Shelf {number}")
    library.shelves[shelf.pk] = shelf
    if number:
        group = library.chance.choice(library.groups)
        CollectionShare.objects.create(collection=shelf, group=group, access=Access.READ)
        library.shelf_groups[shelf.pk] = {group.pk}
    made = [new_document(library, user, shelf) for _ in range(max(1, count))]
    Document.objects.bulk_create(made)
    fill(library, made, model)


def new_document(library: Library, user: User, shelf: Collection) -> Document:
    """A document with a number of its own, not saved yet."""
    number = next(library.fresh)
    digest = hashlib.sha256(f"canary {number}".encode()).hexdigest()
    document = Document(
        owner=user,
        collection=shelf,
        title=f"Paper {number}",
        uri=f"paper{number}.txt",
        mime="text/plain",
        size=1000,
        sha256=digest,
        path_hash=digest,
        text_config="english",
        passage_count=PER_DOCUMENT,
        status="ready",
    )
    library.documents.append(document)
    library.numbers[document.pk] = number
    return document


def fill(library: Library, documents: Iterable[Document], model: EmbeddingModel) -> None:
    """Write passages with their marks, and vectors that lie anywhere."""
    rows = [
        (uuid.uuid4(), document.pk, ordinal, text_of(library, document, ordinal))
        for document in documents
        for ordinal in range(PER_DOCUMENT)
    ]
    ids, owners, ordinals, texts = map(list, zip(*rows, strict=True))
    numbers = np.random.default_rng(len(library.documents))
    vectors = numbers.standard_normal((len(rows), model.dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [ids, owners, ordinals, texts])
        cursor.execute(EMBED, [model.pk, ids, owners, [as_text(row) for row in vectors]])


def text_of(library: Library, document: Document, ordinal: int) -> str:
    """A passage that anybody may ask for, with the mark of its document."""
    words = " ".join(library.chance.choices(WORDS, k=6))
    return f"The {words} is told by canary{library.numbers[document.pk]}x, item {ordinal}."


def share_directly(library: Library, document: Document) -> None:
    """Let a group read one document."""
    group = library.chance.choice(library.groups)
    DocumentShare.objects.get_or_create(document=document, group=group)
    library.direct_groups.setdefault(document.pk, set()).add(group.pk)


def change_rights(library: Library) -> None:
    """Take a right away, in one of the ways there are, or give one."""
    acts: list[Callable[[Library], None]] = [
        leave_group,
        join_group,
        unshare_shelf,
        unshare_document,
        delete_document,
        replace_document,
        move_document,
    ]
    library.chance.choice(acts)(library)


def leave_group(library: Library) -> None:
    """Somebody leaves a group."""
    group = library.chance.choice(library.groups)
    if members := sorted(library.members[group.pk]):
        gone = library.chance.choice(members)
        Membership.objects.filter(group=group, user=gone).delete()
        library.members[group.pk].discard(gone)


def join_group(library: Library) -> None:
    """Somebody comes into a group."""
    group, user = library.chance.choice(library.groups), library.chance.choice(library.users)
    Membership.objects.get_or_create(group=group, user=user)
    library.members[group.pk].add(user.pk)


def unshare_shelf(library: Library) -> None:
    """A shelf is not shared any more."""
    shelf = library.chance.choice(list(library.shelves.values()))
    CollectionShare.objects.filter(collection=shelf).delete()
    library.shelf_groups.pop(shelf.pk, None)


def unshare_document(library: Library) -> None:
    """A document is not shared by itself any more."""
    if library.direct_groups:
        pk = library.chance.choice(sorted(library.direct_groups))
        DocumentShare.objects.filter(document=pk).delete()
        del library.direct_groups[pk]


def delete_document(library: Library) -> None:
    """A document goes to the trash."""
    document = library.chance.choice(library.documents)
    if document.pk not in library.gone:
        services.delete_document(document, actor=document.owner)
        library.gone.add(document.pk)


def replace_document(library: Library) -> None:
    """A document gets another file; what it said before is shown by no search."""
    document = library.chance.choice(library.documents)
    if document.pk in library.gone:
        return
    number = next(library.fresh)
    library.numbers[document.pk] = number
    text = f"The report on leave is told anew by canary{number}x."
    services.store_parsed(
        services.ParsedFile(
            name=document.title,
            uri=document.uri,
            path_hash=document.path_hash,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            size=len(text),
            mime="text/plain",
            passages=[PassageDraft(0, text, "", None, 0, len(text))],
            language="en",
        ),
        collection=library.shelves[document.collection_id],
        actor=document.owner,
    )


def move_document(library: Library) -> None:
    """A document is moved to another shelf of its owner, whose readers see it from then on."""
    document = library.chance.choice(library.documents)
    own = [shelf for shelf in library.shelves.values() if shelf.owner_id == document.owner_id]
    if document.pk not in library.gone:
        shelf = library.chance.choice(own)
        services.update_document(document, collection_id=shelf.pk, actor=document.owner)


def ask(library: Library, verdict: Verdict) -> None:
    """Let somebody ask something, and look at all that they and their model are shown."""
    chance, user = library.chance, library.chance.choice(library.users)
    foreign = chance.choice(library.documents)
    query = chance.choice(
        [" ".join(chance.sample(WORDS, 3)), f"canary{library.numbers[foreign.pk]}x"]
    )
    allowed = library.visible(user)
    limits: dict[str, Any] = chance.choice(
        [{}, {}, {"document_ids": [foreign.pk]}, {"collections": [foreign.collection_id]}]
    )
    mode = chance.choice(SearchMode.values)
    found = search(query, mode=mode, limit=50, actor=user, **limits)
    results = found.results
    verdict.look("results", " ".join(f"{hit.text} {hit.heading}" for hit in results), allowed)
    verdict.look("prompts", str(tool_result(found)), allowed)
    # A tool may name any passage, and so may a model.
    named = [hit.chunk_id for hit in results]
    named += Passage.objects.filter(document=foreign).values_list("pk", flat=True)[:5]
    index = CitationIndex()
    sources = [index.enter(passage) for passage in read_passages(named, user=user)]
    verdict.look("prompts", passages_for_model(sources, limit=PROMPT_CHARACTERS), allowed)
    look_at_versions(library, user, allowed, verdict)


def look_at_versions(library: Library, user: User, allowed: set[int], verdict: Verdict) -> None:
    """Older versions are open to whoever may read their document now, and to nobody else."""
    rows = VersionPassage.objects.visible_to(user).values_list("version__document", flat=True)
    marks = {library.numbers[pk] for pk in rows.distinct()}
    verdict.shown["versions"] += len(marks)
    verdict.foreign += [f"a version of canary {number}" for number in sorted(marks - allowed)]


class MarksInLogs(logging.Handler):
    """Counts log lines in which a mark stands."""

    def __init__(self) -> None:
        super().__init__()
        self.marked = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line with all that goes with it."""
        self.marked += bool(MARK.search(f"{record.getMessage()} {record.__dict__}"))


def interrogate(library: Library, questions: int) -> Verdict:
    """Ask so many questions, while rights change after each fifth of them."""
    verdict, logs = Verdict(), MarksInLogs()
    root = logging.getLogger()
    root.addHandler(logs)
    try:
        for number in range(questions):
            if number % 5 == 4:
                change_rights(library)
            ask(library, verdict)
    finally:
        root.removeHandler(logs)
    verdict.foreign += ["a canary in the log"] * logs.marked
    return verdict


def run(people: int = 20, passages: int = 2000, questions: int = 500) -> Report:
    """Ask many questions of a library in a database of its own, which is dropped afterwards."""
    with scratch_database():
        library = furnish(people, passages)
        total = Passage.objects.count()
        verdict = interrogate(library, questions)
    figures = [
        Figure("passages with a canary", total, ""),
        Figure("questions", questions, ""),
        *(Figure(f"canaries in {where}", n, "") for where, n in sorted(verdict.shown.items())),
        Figure("foreign canaries", len(verdict.foreign), "", "= 0", not verdict.foreign),
    ]
    return Report(figures, reasons=verdict.foreign[:20])
