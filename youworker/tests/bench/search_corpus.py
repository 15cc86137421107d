"""A synthetic library in a database of its own: owners, groups, shares, passages and vectors."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from documents import services
from documents.enums import Access
from documents.models import Collection, CollectionShare, Document, DocumentShare
from documents.services.embeddings import as_text, build_index, ensure_active_model
from groups.models import Group, Membership

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from documents.models import EmbeddingModel

DATABASE = "bench_search"
PASSAGES_PER_DOCUMENT = 20
WORDS_PER_PASSAGE = 90  # and as many stop words as English has between them
STOP_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "for",
    "it",
    "as",
    "with",
    "on",
    "be",
]
STOP_WORDS_PER_PASSAGE = 60
# Zipf-Mandelbrot: the commonest word stands in about a quarter of the passages.
ZIPF_SHIFT, ZIPF_EXPONENT = 50, 1.07
VOCABULARY = 40_000
CLUSTERS = 300
BATCH = 5000

FILL = """
    INSERT INTO documents_passage
        (id, document_id, ordinal, text, heading, start, "end", search)
    SELECT id, document, ordinal, text, '', ordinal * 1000, ordinal * 1000 + 1000,
           setweight(to_tsvector('english', title), 'A') || to_tsvector('english', text)
    FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[])
        AS r(id, document, ordinal, text, title)
"""
EMBED = """
    INSERT INTO documents_passageembedding (passage_id, document_id, model_id, vector)
    SELECT id, document, %s::uuid, vector::halfvec
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS r(id, document, vector)
"""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a benchmark asks: readers by the share they see, texts and vectors to ask with."""

    readers: dict[str, User]
    questions: list[str]
    vectors: NDArray[np.float32]
    model: EmbeddingModel


@contextmanager
def scratch_database() -> Iterator[None]:
    """Point the default connection at an empty database on the same server, dropped at the end."""
    name = connection.settings_dict["NAME"]
    run(f'DROP DATABASE IF EXISTS "{DATABASE}"')
    run(f'CREATE DATABASE "{DATABASE}"')
    use(DATABASE)
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        use(name)
        run(f'DROP DATABASE IF EXISTS "{DATABASE}"')


def use(name: str) -> None:
    """Connect to another database from the next statement on."""
    connection.close()
    connection.settings_dict["NAME"] = name


def run(statement: str, parameters: list[Any] | None = None) -> None:
    """Execute one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def analyse() -> None:
    """Let the planner know what is there."""
    run("VACUUM ANALYZE")


def build(passages: int, *, seed: int = 1) -> Corpus:
    """Fill the database; the same seed gives the same library."""
    random = np.random.default_rng(seed)
    readers, documents = people_and_documents(passages // PASSAGES_PER_DOCUMENT, random)
    words = vocabulary(random)
    model = ensure_active_model()
    run(f'DROP INDEX "{model.index_name}"')
    centres = unit(random.standard_normal((CLUSTERS, model.dimensions)).astype(np.float32))
    questions: list[str] = []
    for first in range(0, len(documents), BATCH // PASSAGES_PER_DOCUMENT):
        part = documents[first : first + BATCH // PASSAGES_PER_DOCUMENT]
        questions += fill(part, words, centres, model, random)
    build_index(model)
    analyse()
    asked = [centres[index] for index in random.integers(0, CLUSTERS, len(questions))]
    return Corpus(readers, questions, near(np.array(asked), random), model)


def people_and_documents(count: int, random: Generator) -> tuple[dict[str, User], list[Document]]:
    """Readers of 100 %, 50 % and 3 % of the documents, which belong to ten owners."""
    owners = [User.objects.create(username=f"owner{index}") for index in range(10)]
    large, small, rest = (Collection(owner=owners[0], name=name) for name in ("a", "b", "c"))
    Collection.objects.bulk_create([large, small, rest])
    kinds = random.choice(3, count, p=[0.5, 0.03, 0.47])
    documents = [
        Document(
            owner=owners[index % 10],
            collection=(large, small, rest)[kind],
            title=f"Document {index}",
            uri=f"/bench/{index}",
            mime="text/plain",
            size=20_000,
            sha256=f"{index:064x}",
            path_hash=f"{index:064x}",
            text_config="english",
            passage_count=PASSAGES_PER_DOCUMENT,
        )
        for index, kind in enumerate(kinds)
    ]
    Document.objects.bulk_create(documents, batch_size=1000)
    seen = {"100 %": [large, small, rest], "50 %": [large], "3 %": [small]}
    return {label: reader(label, shelves) for label, shelves in seen.items()}, documents


def reader(label: str, collections: list[Collection]) -> User:
    """Somebody who sees these collections through a group, and a few documents through another."""
    user = User.objects.create(username=f"reader {label}")
    services.ensure_default_collection(user)
    group = Group.objects.create(name=f"group {label}")
    Membership.objects.create(group=group, user=user)
    CollectionShare.objects.bulk_create(
        CollectionShare(collection=collection, group=group, access=Access.READ)
        for collection in collections
    )
    direct = Document.objects.order_by("pk")[:20]
    DocumentShare.objects.bulk_create(DocumentShare(document=row, group=group) for row in direct)
    return user


def vocabulary(random: Generator) -> NDArray[Any]:
    """Pronounceable words, the common ones short."""
    syllables = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]
    picks = random.integers(0, len(syllables), (VOCABULARY * 2, 5))
    made: dict[str, None] = {}
    for index, row in enumerate(picks):
        length = 2 + min(3, int(np.log10(index + 1)))
        made["".join(syllables[pick] for pick in row[:length])] = None
    return np.array(list(made)[:VOCABULARY])


def fill(
    documents: list[Document],
    words: NDArray[Any],
    centres: NDArray[np.float32],
    model: EmbeddingModel,
    random: Generator,
) -> list[str]:
    """Write the passages of some documents; gives one question per ten documents."""
    count = len(documents) * PASSAGES_PER_DOCUMENT
    shares = 1 / (np.arange(len(words)) + ZIPF_SHIFT) ** ZIPF_EXPONENT
    ranks = random.choice(len(words), (count, WORDS_PER_PASSAGE), p=shares / shares.sum())
    # Every document has a subject: words that are rare elsewhere and come back in it.
    subjects = random.integers(200, len(words), (len(documents), 12)).repeat(
        PASSAGES_PER_DOCUMENT, axis=0
    )
    places = random.integers(0, WORDS_PER_PASSAGE, (count, 12))
    np.put_along_axis(ranks, places, subjects, axis=1)
    fillers = random.choice(STOP_WORDS, (count, STOP_WORDS_PER_PASSAGE))
    texts = [" ".join(row) for row in np.concatenate([words[ranks], fillers], axis=1)]
    ids = [uuid.UUID(bytes=random.bytes(16)) for _ in range(count)]
    owners = [row.pk for row in documents for _ in range(PASSAGES_PER_DOCUMENT)]
    titles = [row.title for row in documents for _ in range(PASSAGES_PER_DOCUMENT)]
    ordinals = list(range(PASSAGES_PER_DOCUMENT)) * len(documents)
    run(FILL, [ids, owners, ordinals, texts, titles])
    about = random.integers(0, len(centres), len(documents)).repeat(PASSAGES_PER_DOCUMENT)
    vectors = [as_text(row) for row in near(centres[about], random)]
    run(EMBED, [model.pk, ids, owners, vectors])
    asked = random.integers(0, count, max(1, len(documents) // 10))
    return [question(words[ranks[index]], random) for index in asked]


def question(passage: NDArray[Any], random: Generator) -> str:
    """Three to eight words of a passage, in the mixture of rare and common ones it has."""
    return " ".join(random.choice(passage, random.integers(3, 9), replace=False))


def near(centres: NDArray[np.float32], random: Generator) -> NDArray[np.float32]:
    """One vector of length 1 in the neighbourhood of each."""
    noise = random.standard_normal(centres.shape).astype(np.float32)
    return unit(centres + 0.8 * unit(noise))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with length 1."""
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled
