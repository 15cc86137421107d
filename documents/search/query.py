"""A query as the search understands it: its words, its lexemes and its vector."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

from documents.embedding import unrelated_cosine
from documents.search.frequencies import Frequencies, sampler
from documents.services.embeddings import as_text, embed_query, ensure_active_model
from documents.text import indexable
from documents.unspaced import is_single, with_asked_pairs
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from documents.models import EmbeddingModel
    from documents.text import Indexable

LONGEST_QUERY = 10_000  # characters that are looked at
# That many characters of Chinese are as many pairs, each of which is looked at in every language.
MOST_WORDS = 2000
# Each is one more look at every candidate; a word has several in a library of many languages.
MOST_LEXEMES = 48
# Words whose other spellings are looked up; what is pasted may have thousands.
MOST_SPELLED = 200
# About how many passages are ranked for one query; more cost time and change little.
MOST_CANDIDATES = 2000

# The languages in use are found by hopping over the index, not by reading the documents. A spelling
# is one of a word's, whose lexemes say which word: of a stop word there are none.
LEXEMES = """
    WITH RECURSIVE used(name) AS (
        SELECT min(text_config)::text FROM documents_document
        UNION ALL
        SELECT (SELECT min(text_config)::text FROM documents_document WHERE text_config > used.name)
        FROM used WHERE used.name IS NOT NULL
    ), configs AS (SELECT name FROM used WHERE name IS NOT NULL UNION SELECT %(default)s)
    SELECT configs.name, lexeme, positions, NULL AS word
    FROM configs, unnest(to_tsvector(configs.name::regconfig, %(words)s))
    UNION ALL
    SELECT configs.name, other.lexeme, NULL, own.lexeme
    FROM configs, unnest(%(spelled)s::text[], %(spellings)s::text[]) AS pair(word, spelling),
         unnest(to_tsvector(configs.name::regconfig, pair.word)) AS own,
         unnest(to_tsvector(configs.name::regconfig, pair.spelling)) AS other
    ORDER BY positions, lexeme
"""

Lexeme = tuple[str, str, list[int] | None, str | None]
# The lexemes of one word, each of which is enough: its stems in each language, its spellings.
Term = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """The words of a query, each as its lexemes and their weights, and what finds candidates."""

    weights: list[dict[str, float]]
    any_of: str
    selective: str
    has_identifiers: bool


def terms_of(query: str) -> QueryTerms | None:
    """The terms of a query; none when it is made of stop words."""
    frequencies = sampler.frequencies()
    asked = indexable(query[:LONGEST_QUERY], with_asked_pairs)
    terms = rarest(read_terms(asked), frequencies)
    if not terms:
        return None
    weights = [{lexeme: frequencies.weight(lexeme) for lexeme in term} for term in terms]
    any_of = " | ".join(disjunction(term) for term in terms)
    has_identifiers = bool(asked.identifiers)
    return QueryTerms(weights, any_of, selective(terms, frequencies), has_identifiers)


def read_terms(asked: Indexable) -> list[Term]:
    """The distinct words of a query in every language in use, in order of appearance."""
    default = config.vector.language
    spelled = itertools.islice(asked.spellings.items(), MOST_SPELLED)
    pairs = [(word, other) for word, others in spelled for other in others]
    values: dict[str, Any] = {
        "default": default,
        "words": " ".join(asked.words.split(maxsplit=MOST_WORDS)[:MOST_WORDS]),
        "spelled": [word for word, _ in pairs],
        "spellings": [other for _, other in pairs],
    }
    with connection.cursor() as cursor:
        cursor.execute(LEXEMES, values)
        found: list[Lexeme] = cursor.fetchall()
    return [*words_of(found, default), *((name,) for name in dict.fromkeys(asked.identifiers))]


def words_of(found: Sequence[Lexeme], default: str) -> list[Term]:
    """The lexemes that stand at one place of the query, with those of the word's spellings."""
    placed = [(name, lexeme, places) for name, lexeme, places, _ in found if places]
    telling = telling_places(placed, default)
    words: dict[int, dict[str, None]] = {}
    first_place: dict[str, int] = {}
    for _, lexeme, places in placed:
        if not telling.isdisjoint(places):
            place = first_place.setdefault(lexeme, places[0])
            words.setdefault(place, {})[lexeme] = None
    for _, lexeme, _, word in found:
        if word in first_place and lexeme not in first_place:
            words[first_place[word]][lexeme] = None
    return [tuple(words[place]) for place in sorted(words)]


def telling_places(found: Iterable[tuple[str, str, list[int]]], default: str) -> set[int]:
    """Where the query has words that are no stop words in its own language.

    That is the language with the most stop words in it. In others they would be rare words, and
    "the" would find the one English sentence in an Italian library before anything else.
    """
    places: dict[str, set[int]] = {default: set()}
    for name, _, positions in found:
        places.setdefault(name, set()).update(positions)
    return min(places.items(), key=lambda item: (len(item[1]), item[0] != default))[1]


def rarest(terms: Iterable[Term], frequencies: Frequencies) -> list[Term]:
    """The most telling terms, rarest first."""
    ordered = sorted(terms, key=lambda term: share_of(term, frequencies))
    counts = itertools.accumulate(map(len, ordered))
    return [term for term, count in zip(ordered, counts, strict=True) if count <= MOST_LEXEMES]


def share_of(term: Term, frequencies: Frequencies) -> float:
    """The estimated share of passages that have a lexeme of a term, above 0."""
    return min(1.0, sum(map(frequencies.share, term)))


def selective(terms: Sequence[Term], frequencies: Frequencies) -> str:
    """A query that matches at most about `MOST_CANDIDATES` passages.

    Any of the rare terms will do; when even the rarest is common, several must come together.
    """
    total = frequencies.total
    if share_of(terms[0], frequencies) * total > MOST_CANDIDATES:
        return conjunction(terms, frequencies)
    chosen: list[str] = []
    expected = 0.0
    for term in terms:
        expected += share_of(term, frequencies) * total
        if expected > MOST_CANDIDATES and chosen:
            break
        chosen.append(disjunction(term))
    return " | ".join(chosen)


def conjunction(terms: Sequence[Term], frequencies: Frequencies) -> str:
    """As many common terms together as are needed to be selective."""
    chosen: list[str] = []
    expected = float(frequencies.total)
    for term in terms:
        chosen.append(disjunction(term))
        expected *= share_of(term, frequencies)
        if expected <= MOST_CANDIDATES:
            break
    return " & ".join(chosen)


def disjunction(term: Term) -> str:
    """Any of the lexemes of a term."""
    any_of = " | ".join(quoted(lexeme) for lexeme in term)
    return f"({any_of})" if len(term) > 1 else any_of


def quoted(lexeme: str) -> str:
    """A lexeme as the text form of `tsquery` wants it.

    One character of a script without blanks stands for every pair it begins.
    """
    text = "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
    return f"{text}:*" if is_single(lexeme) else text


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A query as one model understands it."""

    model_id: UUID
    dimensions: int
    vector: str
    # The cosine of texts that have nothing to do with each other.
    unrelated: float = 0.0


def vector_query(query: str, model: EmbeddingModel | None = None) -> VectorQuery:
    """Embed a query with a model, by default the active one; raises `UpstreamUnavailable`."""
    model = model or ensure_active_model()
    vector = embedded(query, model, model.query_prompt)
    return VectorQuery(model.pk, model.dimensions, vector, unrelated_cosine(model.name))


# Models are alike when their ids are; all but the prompt of one stays as it is.
@lru_cache(maxsize=512)
def embedded(query: str, model: EmbeddingModel, _prompt: str) -> str:
    """The vector of a query; the same question is often asked twice, for each leg or page."""
    return as_text(embed_query(model, query))
