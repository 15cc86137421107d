"""The one SQL statement that searches: rights, filters, both legs, fusion and passages."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from documents.search.conditions import Conditions
from documents.search.query import MOST_CANDIDATES, QueryTerms, quoted
from documents.search.templates import (
    CANDIDATES,
    FUSED,
    MEASURED,
    NEAREST_FITTING,
    NEWEST,
    PASSES,
    RANK,
    RANKED,
    RESULTS,
    SCALED,
    SCOPE,
    SETTINGS,
    UNVECTORED,
    VECTOR,
)
from documents.types import SearchHit
from youworker.core.config import config

if TYPE_CHECKING:
    from documents.search.query import VectorQuery
    from documents.search.scope import Scope

# Up to this many passages in scope, everything is looked at and nothing is estimated.
SMALL_SCOPE = 5000
# The share of meaning in a hybrid score, and where the question names an identifier.
SEMANTIC_WEIGHT = 0.7
MEANING_OF_IDENTIFIERS = 0.5
# Neighbours that the vector index keeps in mind for each that is wanted: with one, it finds 0.88 of
# the nearest, with two 0.95.
EXPLORED = 3
MOST_EXPLORED = 1000  # what pgvector takes
# What the next best passages of a document add to its best one, half of it to its second, and so
# on: several hits make a likely document.
SIBLING_BONUS = 0.2
SUPPORTERS = 3
# What each further passage of a document keeps of its score: one document must not fill the list.
DIVERSITY_DECAY = 0.9
# What a word counts in text, (unused), heading and title: ts_rank's order is D, C, B, A.
POSITION_WEIGHTS = [0.7, 0.7, 0.85, 1.0]
# How much a long passage has to say more, as BM25's b; those of usual length are all alike.
LENGTH_SHARE = 0.3
USUAL_LENGTH = 1000  # characters


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is searched for; a leg that has nothing to look for is missing."""

    mode: str
    terms: QueryTerms | None
    vector: VectorQuery | None
    conditions: Conditions = field(default_factory=Conditions)


def run_search(scope: Scope, plan: SearchPlan, *, limit: int) -> list[SearchHit]:
    """The best passages of the documents in `scope`, best first."""
    if plan.terms is None and plan.vector is None:
        return []
    width = max(config.vector.candidates, limit)
    statement, parameters = build(scope, plan)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS, [str(min(MOST_EXPLORED, max(width * EXPLORED, 40)))])
        cursor.execute(statement, {**parameters, "width": width, "limit": limit})
        return [SearchHit(*row) for row in cursor.fetchall()]


def list_newest(scope: Scope, conditions: Conditions, *, limit: int) -> list[SearchHit]:
    """The first passages of the newest documents in `scope`, newest first."""
    statement = NEWEST.format(documents=scope.sql, checks=conditions.checks)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**scope.parameters, **conditions.parameters, "limit": limit})
        return [SearchHit(*row) for row in cursor.fetchall()]


def build(scope: Scope, plan: SearchPlan) -> tuple[str, dict[str, Any]]:
    """The statement for a plan, and its parameters."""
    parameters = scope.parameters | {
        "small": SMALL_SCOPE,
        "sibling_bonus": SIBLING_BONUS,
        "supporters": SUPPORTERS,
        "diversity_decay": DIVERSITY_DECAY,
        # Twice, because the number is an estimate; which ones are left out is arbitrary.
        "most": MOST_CANDIDATES * 2,
    }
    parameters |= plan.conditions.parameters
    parts = [SCOPE.format(documents=scope.sql), *candidate_parts(plan, parameters)]
    if plan.terms is not None:
        parts.append(RANKED.format(score=score_of(plan.terms, parameters)))
        parameters |= keyword_parameters(plan.terms)
    if plan.vector is not None:
        parts.append(vector_part(plan.vector, plan.conditions, parameters))
    parts.append(fusion(plan))
    return "WITH " + ",".join(parts) + results_of(plan), parameters


def candidate_parts(plan: SearchPlan, parameters: dict[str, Any]) -> list[str]:
    """What both legs choose from where phrases are required, else the words' own candidates."""
    checks = plan.conditions.checks
    if plan.conditions.required:
        # What has the phrases is told by the index, so it comes first, and both legs rank it.
        parameters["required"] = plan.conditions.required
        words = {"materialized": "MATERIALIZED ", "of_many": "required", "of_few": "required"}
    elif plan.terms is not None:
        words = {"materialized": "", "of_many": "selective", "of_few": "any_of"}
    else:
        return []
    return [CANDIDATES.format(**words, checks=checks)]


def results_of(plan: SearchPlan) -> str:
    """The end of the statement, which says what each leg found beside the fused score."""
    score = "(SELECT score FROM {leg} WHERE {leg}.id = found.id)"
    return RESULTS.format(
        keyword_score=score.format(leg="keyword") if plan.terms else "NULL",
        semantic_score=score.format(leg="semantic") if plan.vector else "NULL",
    )


def fusion(plan: SearchPlan) -> str:
    """How the legs become one list; the cosine of a purely semantic search stays as it is."""
    if plan.terms is None:
        return "found AS (SELECT id, document_id, score FROM semantic)"
    if plan.vector is None:
        return FUSED.format(legs=scaled(1, "keyword"))
    share = MEANING_OF_IDENTIFIERS if plan.terms.has_identifiers else SEMANTIC_WEIGHT
    unvectored = UNVECTORED.format(model=literal_model(plan.vector))
    legs = [
        scaled(round(1 - share, 4), "keyword"),
        scaled(share, "keyword", kept=unvectored),
        scaled(share, "semantic", least=plan.vector.unrelated),
    ]
    return FUSED.format(legs=" UNION ALL ".join(legs))


def scaled(share: float, leg: str, *, least: float = 0, kept: str = "") -> str:
    """A leg whose scores go from 0 to `share`; of `kept` rows only."""
    return SCALED.format(share=share, leg=leg, least=least, kept=kept)


def literal_model(query: VectorQuery) -> str:
    """The model's id as the predicates of its index have it."""
    return f"'{query.model_id}'"


def keyword_parameters(terms: QueryTerms) -> dict[str, Any]:
    """What the keyword leg needs beside its score."""
    return {
        "selective": terms.selective,
        "any_of": terms.any_of,
        "length_share": LENGTH_SHARE,
        "usual": USUAL_LENGTH,
        "places": POSITION_WEIGHTS,
    }


def score_of(terms: QueryTerms, parameters: dict[str, Any]) -> str:
    """The sum over the words of weight times saturated frequency, as BM25 has it.

    A word counts once, by the lexeme that says most. `ts_rank` of a single lexeme adds 1/i² for its
    i-th position: two thirds for one, 1 for many.
    """
    number = itertools.count()
    summands = []
    for lexemes in terms.weights:
        ranks = []
        for lexeme, weight in lexemes.items():
            index = next(number)
            parameters[f"lexeme{index}"] = quoted(lexeme)
            parameters[f"weight{index}"] = round(weight, 4)
            ranks.append(RANK.format(index=index))
        summands.append(f"greatest({', '.join(ranks)})" if len(ranks) > 1 else ranks[0])
    return " + ".join(summands)


def vector_part(query: VectorQuery, conditions: Conditions, parameters: dict[str, Any]) -> str:
    """The vector leg; index expression and predicate are spelled as the index has them."""
    size = f"{query.dimensions:d}"
    parameters["vector"] = query.vector
    distance = f"(e.vector::halfvec({size}) <=> %(vector)s::halfvec({size}))"
    leg = NEAREST_FITTING if conditions.required else VECTOR
    checks = PASSES.format(checks=conditions.checks) if conditions.checks else ""
    return leg.format(
        distance=distance, model=literal_model(query), checks=checks, measured=MEASURED
    )
