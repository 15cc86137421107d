"""Search measured: how fast at 100,000 passages, and how well on questions with known answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from documents.embedding import configured_model, embedder_of
from documents.enums import SearchMode
from documents.evaluation import ask_question, summed
from documents.models import Document, GoldenQuestion
from documents.search import find_passages
from documents.search.operators import Understood
from documents.search.query import VectorQuery, terms_of
from documents.search.scope import scope_of
from documents.search.statement import SearchPlan
from documents.services import ParsedFile, embed_next, ensure_default_collection, store_parsed
from documents.services.embeddings import as_text, ensure_active_model
from documents.types import PassageDraft
from youworker.tests.bench import Figure, at_least, at_most
from youworker.tests.bench.search_corpus import Corpus, build, scratch_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from accounts.models import User

WARM_UP = 30
P95_BUDGET_MS = 30.0
EMBEDDING_SHARE = 0.9


def run(passages: int = 100_000, repeats: int = 300) -> list[Figure]:
    """Measure searches over a synthetic library, rights included and query embedding not.

    The library lives in a database of its own, which is dropped afterwards.
    """
    with scratch_database():
        corpus = build(passages)
        figures = []
        for label in corpus.readers:
            for mode in SearchMode.values:
                figures += latency(corpus, label, mode, repeats)
        return [*figures, embedding_share()]


def latency(corpus: Corpus, label: str, mode: str, repeats: int) -> list[Figure]:
    """The median and the 95th percentile of one reader's searches in one mode."""
    times = []
    for index in range(WARM_UP + repeats):
        began = time.perf_counter()
        ask(corpus, label, mode, index % len(corpus.questions))
        times.append((time.perf_counter() - began) * 1000)
    middle, high = np.percentile(times[WARM_UP:], [50, 95])
    name = f"search {mode}, {label} visible"
    return [
        Figure(f"{name}, p50", float(middle), "ms"),
        at_most(f"{name}, p95", float(high), "ms", P95_BUDGET_MS),
    ]


def ask(corpus: Corpus, label: str, mode: str, index: int) -> int:
    """Search as the service does, with a vector that is there already; how many hits."""
    understood = Understood(corpus.questions[index])
    scope = scope_of(corpus.readers[label], understood)
    terms = terms_of(corpus.questions[index]) if mode != SearchMode.SEMANTIC else None
    vector = VectorQuery(corpus.model.pk, corpus.model.dimensions, as_text(corpus.vectors[index]))
    chosen = vector if mode != SearchMode.KEYWORD else None
    return len(find_passages(scope, SearchPlan(mode, terms, chosen), understood, 10))


def embedding_share(passages: int = 256) -> Figure:
    """How much of the raw model's speed is left when vectors are also stored."""
    model = embedder_of(*configured_model())
    owner = Document.objects.select_related("owner").order_by("pk")[0].owner
    words = "the quick brown fox reads a page of the manual about search and storage".split()  # noqa: SIM905 -- shorter
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(words, 170)) for _ in range(passages)]
    drafts = [PassageDraft(index, text, "", None, 0, 1) for index, text in enumerate(texts)]
    file = ParsedFile(
        name="speed", uri="speed", path_hash="speed", sha256="speed", mime="text/plain",
        size=0, passages=drafts, language="en",
    )  # fmt: skip
    store_parsed(file, collection=ensure_default_collection(owner), actor=owner)
    model.embed(texts[:32])
    raw = seconds(lambda: model.embed(texts))
    stored = seconds(embed_all)
    return at_least("embedding stage, share of the raw model", raw / stored, "", EMBEDDING_SHARE)


def embed_all() -> None:
    """Embed what waits, as a worker does."""
    while embed_next(until=float("inf")) is not None:
        pass


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def questions(path: Path) -> Iterator[GoldenQuestion]:
    """The lines of a file: question, tab, pages separated by commas."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text, _, pages = line.partition("\t")
        if pages:
            addresses = [page.strip() for page in pages.split(",")]
            yield GoldenQuestion(question=text, addresses=addresses)


def evaluate(questions_tsv: Path, *, actor: User) -> list[Figure]:
    """Hit rates and MRR@10 of every mode, over documents the actor has ingested already."""
    figures = []
    asked, model = list(questions(questions_tsv)), ensure_active_model()
    for mode in SearchMode.values:
        found = summed(
            [ask_question(question, mode=mode, searcher=actor, model=model) for question in asked]
        )
        hybrid = mode == SearchMode.HYBRID
        for depth in (1, 5, 10):
            name, value = f"{mode} hit@{depth}", found[f"hit@{depth}"]
            goal = hybrid and depth == 5
            figures.append(at_least(name, value, "", 0.90) if goal else Figure(name, value, ""))
        name, value = f"{mode} MRR@10", found["mrr@10"]
        figures.append(at_least(name, value, "", 0.70) if hybrid else Figure(name, value, ""))
    return figures
