"""A query as the search understands it: its words, its lexemes and its vector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection

from documents.embedding import embedder_of
from documents.search.frequencies import Frequencies, sampler
from documents.services.embeddings import as_text, ensure_active_model
from documents.text import identifiers, indexable
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

LONGEST_QUERY = 10_000  # characters that are looked at
MOST_TERMS = 32
# About how many passages are ranked for one query; more cost time and change little.
MOST_CANDIDATES = 2000

# The languages in use are found by hopping over the index, not by reading the documents.
LEXEMES = """
    WITH RECURSIVE used(name) AS (
        SELECT min(text_config)::text FROM documents_document
        UNION ALL
        SELECT (SELECT min(text_config)::text FROM documents_document WHERE text_config > used.name)
        FROM used WHERE used.name IS NOT NULL
    ), configs AS (SELECT name FROM used WHERE name IS NOT NULL UNION SELECT %(default)s)
    SELECT configs.name, lexeme, positions
    FROM configs, unnest(to_tsvector(configs.name::regconfig, %(words)s))
    ORDER BY positions[1], lexeme
"""


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """The lexemes of a query with their weights, and the expression that finds candidates."""

    weights: dict[str, float]
    any_of: str
    selective: str
    has_identifiers: bool


def terms_of(query: str) -> QueryTerms | None:
    """The terms of a query; none when it is made of stop words."""
    frequencies = sampler.frequencies()
    lexemes = rarest(read_lexemes(query[:LONGEST_QUERY]), frequencies)
    if not lexemes:
        return None
    weights = {lexeme: frequencies.weight(lexeme) for lexeme in lexemes}
    return QueryTerms(
        weights,
        disjunction(lexemes),
        selective(lexemes, frequencies),
        bool(identifiers(query[:LONGEST_QUERY])),
    )


def read_lexemes(query: str) -> list[str]:
    """The distinct lexemes of a query in every language in use, in order of appearance."""
    default = config.vector.language
    with connection.cursor() as cursor:
        cursor.execute(LEXEMES, {"default": default, "words": indexable(query).words})
        found = cursor.fetchall()
    telling = telling_places(found, default)
    words = [lexeme for _, lexeme, places in found if not telling.isdisjoint(places)]
    return list(dict.fromkeys([*words, *identifiers(query)]))


def telling_places(found: Iterable[tuple[str, str, list[int]]], default: str) -> set[int]:
    """Where the query has words that are no stop words in its own language.

    That is the language with the most stop words in it. In others they would be rare words, and
    "the" would find the one English sentence in an Italian library before anything else.
    """
    places: dict[str, set[int]] = {default: set()}
    for name, _, positions in found:
        places.setdefault(name, set()).update(positions)
    return min(places.items(), key=lambda item: (len(item[1]), item[0] != default))[1]


def rarest(lexemes: Iterable[str], frequencies: Frequencies) -> list[str]:
    """The most telling lexemes, rarest first."""
    return sorted(lexemes, key=frequencies.share)[:MOST_TERMS]


def selective(lexemes: Sequence[str], frequencies: Frequencies) -> str:
    """A query that matches at most about `MOST_CANDIDATES` passages.

    Any of the rare lexemes will do; when even the rarest is common, several must come together.
    """
    total = frequencies.total
    if frequencies.share(lexemes[0]) * total > MOST_CANDIDATES:
        return conjunction(lexemes, frequencies)
    chosen: list[str] = []
    expected = 0.0
    for lexeme in lexemes:
        expected += frequencies.share(lexeme) * total
        if expected > MOST_CANDIDATES and chosen:
            break
        chosen.append(lexeme)
    return disjunction(chosen)


def conjunction(lexemes: Sequence[str], frequencies: Frequencies) -> str:
    """As many common lexemes together as are needed to be selective."""
    chosen: list[str] = []
    expected = float(frequencies.total)
    for lexeme in lexemes:
        chosen.append(lexeme)
        expected *= frequencies.share(lexeme)
        if expected <= MOST_CANDIDATES:
            break
    return " & ".join(quoted(lexeme) for lexeme in chosen)


def disjunction(lexemes: Iterable[str]) -> str:
    """Any of the lexemes."""
    return " | ".join(quoted(lexeme) for lexeme in lexemes)


def quoted(lexeme: str) -> str:
    """A lexeme as the text form of `tsquery` wants it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A query as one model understands it."""

    model_id: UUID
    dimensions: int
    vector: str


def vector_query(query: str) -> VectorQuery:
    """Embed a query with the active model; raises `UpstreamUnavailable`."""
    model = ensure_active_model()
    vector = embedded(query, model.provider, model.name, model.dimensions)
    return VectorQuery(model.pk, model.dimensions, vector)


@lru_cache(maxsize=512)
def embedded(query: str, provider: str, name: str, dimensions: int) -> str:
    """The vector of a query; the same question is often asked twice, for each leg or page."""
    return as_text(embedder_of(provider, name, dimensions).embed([query])[0])
