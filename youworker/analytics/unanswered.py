"""Questions that the documents did not answer: how many, of which collection, and when.

Such an answer ended well and searched, but quotes nothing. What was asked is not told here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from uuid import UUID

    from youworker.analytics.periods import Period

    Row = dict[str, Any]

MOST_CLUSTERS = 200
MOST_RUNS = 100
# A conversation that is limited to several collections counts for each of them; one that is not
# limited asks everything its user can read.
SEARCHED = """
    WITH searched AS (
        SELECT run.id, run.session_id, run.created_at, NOT EXISTS (
            SELECT FROM chat_citation AS citation WHERE citation.message_id = run.answer_id
        ) AS unanswered
        FROM chat_run AS run
        WHERE run.created_at >= %(begins)s AND run.created_at <= %(ends)s
            AND run.status = 'succeeded' AND run.answer_id IS NOT NULL
            AND EXISTS (
                SELECT FROM chat_toolrun AS call
                WHERE call.run_id = run.id AND call.tool_name = 'semantic.query'
                    AND call.status = 'succeeded'
            )
    )
"""
CLUSTERS = f"""
    {SEARCHED}
    SELECT limits.collection_id, count(*) AS searched,
           count(*) FILTER (WHERE unanswered) AS unanswered,
           min(created_at) FILTER (WHERE unanswered) AS first_at,
           max(created_at) FILTER (WHERE unanswered) AS last_at
    FROM searched LEFT JOIN chat_session_collections AS limits
        ON limits.session_id = searched.session_id
    GROUP BY 1 HAVING count(*) FILTER (WHERE unanswered) > 0
    ORDER BY unanswered DESC, last_at DESC LIMIT {MOST_CLUSTERS}
"""  # noqa: S608 -- constants
RUNS = f"""
    {SEARCHED}
    SELECT searched.id, searched.session_id, searched.created_at
    FROM searched LEFT JOIN chat_session_collections AS limits
        ON limits.session_id = searched.session_id
    WHERE unanswered AND limits.collection_id IS NOT DISTINCT FROM %(collection)s::uuid
    ORDER BY searched.created_at DESC, searched.id LIMIT {MOST_RUNS}
"""  # noqa: S608 -- constants


def unanswered_questions(period: Period) -> Row:
    """How many searching answers of each collection quote nothing; those with most first.

    No collection: the conversation was limited to none.
    """
    return {"collections": select_rows(CLUSTERS, period)}


def unanswered_runs(period: Period, collection_id: UUID | None) -> list[Row]:
    """The newest of them of one collection, by their ids and times."""
    return select_rows(RUNS, period, collection=collection_id)


def select_rows(statement: str, period: Period, **more: Any) -> list[Row]:
    """The rows of a statement about a period."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"begins": period.begins, "ends": period.ends, **more})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
