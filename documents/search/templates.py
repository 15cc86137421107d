"""The parts of the statement that searches, as templates for `str.format`."""

from __future__ import annotations

SETTINGS = """
    SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
           set_config('hnsw.ef_search', %s, true),
           set_config('jit', 'off', true)
"""

SCOPE = """
    scope AS MATERIALIZED ({documents}),
    extent AS MATERIALIZED (SELECT coalesce(sum(passage_count), 0) AS passages FROM scope)
"""

# Two branches, one of which runs: PostgreSQL evaluates the size of the scope first. OFFSET 0 keeps
# its planner from reading whole tables, because it cannot know how small the scope is.
CANDIDATES = """
    candidates AS {materialized}(
        (SELECT p.id, p.document_id, p.search, p."end" - p.start AS length
         FROM documents_passage p
         WHERE (SELECT passages FROM extent) > %(small)s
           AND p.search @@ %({of_many})s::tsquery
           AND coalesce(p.document_id IN (SELECT id FROM scope), false){checks}
         LIMIT %(most)s)
        UNION ALL
        (SELECT p.id, p.document_id, p.search, p."end" - p.start AS length
         FROM scope CROSS JOIN LATERAL (
             SELECT * FROM documents_passage WHERE document_id = scope.id OFFSET 0
         ) AS p
         WHERE (SELECT passages FROM extent) <= %(small)s
           AND p.search @@ %({of_few})s::tsquery{checks})
    )
"""

RANKED = """keyword AS (
        SELECT id, document_id, score FROM (
            SELECT id, document_id,
                   ({score}) / (1 - %(length_share)s + %(length_share)s
                                * greatest(length, %(usual)s) / %(usual)s::float8) AS score
            FROM candidates
        ) AS scored
        ORDER BY score DESC, id LIMIT %(width)s
    )
"""

VECTOR = """
    nearest AS (
        (SELECT e.passage_id AS id, e.document_id, {distance} AS distance
         FROM documents_passageembedding e
         WHERE (SELECT passages FROM extent) > %(small)s
           AND e.model_id = {model}
           AND coalesce(e.document_id IN (SELECT id FROM scope), false){checks}
         ORDER BY {distance} LIMIT %(width)s)
        UNION ALL
        (SELECT e.passage_id, e.document_id, {distance}
         FROM scope CROSS JOIN LATERAL (
             SELECT * FROM documents_passageembedding WHERE document_id = scope.id OFFSET 0
         ) AS e
         WHERE (SELECT passages FROM extent) <= %(small)s
           AND e.model_id = {model}{checks}
         ORDER BY {distance} LIMIT %(width)s)
    ),
    {measured}
"""

NEAREST_FITTING = """
    nearest AS (
        SELECT e.passage_id AS id, e.document_id, {distance} AS distance
        FROM candidates JOIN documents_passageembedding e ON e.passage_id = candidates.id
        WHERE e.model_id = {model}
        ORDER BY {distance} LIMIT %(width)s
    ),
    {measured}
"""

MEASURED = """semantic AS (
        -- A vector of length 0 is NaN away from everything, which PostgreSQL sorts first.
        SELECT id, document_id, 1 - distance AS score FROM nearest WHERE distance < 'NaN'
    )
"""

# The conditions of a passage, where its vector is at hand.
PASSES = """
           AND EXISTS (SELECT 1 FROM documents_passage p WHERE p.id = e.passage_id{checks})"""

# A leg's scores from 0 to 1: 1 is its best, 0 its last, or no match when it has room left.
SCALED = """
    (SELECT id, document_id, {share}::float8 * coalesce(
        greatest(score - floor, 0) / nullif(best - floor, 0), 1) AS score
     FROM (SELECT *, max(score) OVER () AS best,
                  CASE WHEN count(*) OVER () < %(width)s THEN {least}::float8
                       ELSE min(score) OVER () END AS floor
           FROM {leg}) AS ranged{kept})
"""

# What words count further where nobody can say yet what the passage means.
UNVECTORED = """
     WHERE NOT EXISTS (SELECT 1 FROM documents_passageembedding e
                       WHERE e.passage_id = ranged.id AND e.model_id = {model})"""

# Convex combination: https://doi.org/10.1145/3596512 (better here than the fusion of ranks).
FUSED = """
    fused AS (
        SELECT id, document_id, sum(score) AS score FROM ({legs}) AS legs GROUP BY id, document_id
    ),
    placed AS (
        SELECT *, row_number() OVER (PARTITION BY document_id ORDER BY score DESC, id) AS place
        FROM fused
    ),
    found AS (
        SELECT id, document_id,
               score * %(diversity_decay)s ^ (place - 1)
               + %(sibling_bonus)s / place * coalesce(sum(score) FILTER (
                   WHERE place BETWEEN 2 AND %(supporters)s + 1
               ) OVER (PARTITION BY document_id), 0) AS score
        FROM placed
    )
"""

RANK = "%(weight{index})s * ts_rank(%(places)s::float4[], search, %(lexeme{index})s::tsquery)"

# The first passages of the newest documents, for filters without words.
NEWEST = """
    SELECT p.id, p.text, 0::float8, p.page, p.heading, p.start, p."end",
           d.id, d.title, d.uri, d.mime, d.language, d.collection_id, NULL, NULL, p.second, p.layout
    FROM ({documents}) AS scope
    JOIN documents_document d ON d.id = scope.id
    CROSS JOIN LATERAL (
        SELECT * FROM documents_passage p WHERE p.document_id = scope.id{checks}
        ORDER BY p.ordinal LIMIT 1
    ) AS p
    ORDER BY d.created_at DESC, d.id DESC LIMIT %(limit)s
"""

RESULTS = """
    SELECT p.id, p.text, found.score, p.page, p.heading, p.start, p."end",
           d.id, d.title, d.uri, d.mime, d.language, d.collection_id,
           {keyword_score}, {semantic_score}, p.second, p.layout
    FROM (SELECT * FROM found ORDER BY score DESC, id LIMIT %(limit)s) AS found
    JOIN documents_passage p ON p.id = found.id
    JOIN documents_document d ON d.id = found.document_id
    ORDER BY found.score DESC, p.id
"""
