"""Queued runs: which of them go on, in whichever process has room, and telling the processes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chat.direct_calls import count_calls_by_endpoint, process_id
from chat.exceptions import QueueFull
from chat.llm.endpoints import common_limit, is_room_limited, most_runs, room_limits
from youworker.core.config import config
from youworker.core.effects import after_commit, attempt
from youworker.core.redis import sync_redis
from youworker.core.sql import fetch_row, fetch_rows, lock_names

if TYPE_CHECKING:
    from uuid import UUID

# Processes with room listen here; what they miss they find at their next look.
CHANNEL = "runs:queued"

# Everybody's first run comes before anybody's second, those that are running counted. A server
# that is not full takes as many as it has room for; so processes that look at the same moment
# choose from the same few rows, and each takes what the other has not locked.
WAITING = """
busy AS (
    SELECT endpoint, user_id, count(*) AS runs
    FROM chat_run WHERE status = 'running' GROUP BY endpoint, user_id
), waiting AS (
    SELECT run.id, run.endpoint, run.created_at, coalesce(busy.runs, 0) + row_number() OVER (
        PARTITION BY run.endpoint, run.user_id ORDER BY run.created_at, run.id
    ) AS turn
    FROM chat_run AS run LEFT JOIN busy USING (endpoint, user_id)
    WHERE run.status = 'queued'
), named AS (
    SELECT * FROM unnest(%(limited)s::text[], %(limits)s::int[]) AS named(endpoint, room)
), rooms AS (
    SELECT waiting.*, coalesce(named.room, %(most)s) AS room
    FROM waiting LEFT JOIN named USING (endpoint)
)
"""
CLAIM = f"""
WITH {WAITING}, placed AS (
    SELECT waiting.*, row_number() OVER (
        PARTITION BY endpoint ORDER BY turn, created_at, id
    ) + (
        SELECT coalesce(sum(runs), 0) FROM busy WHERE busy.endpoint = waiting.endpoint
    ) + (
        SELECT coalesce(sum(calls), 0)
        FROM unnest(%(endpoints)s::text[], %(calls)s::int[]) AS direct(endpoint, calls)
        WHERE direct.endpoint = waiting.endpoint
    ) AS place
    FROM rooms AS waiting
), chosen AS (
    SELECT run.id FROM chat_run AS run JOIN placed USING (id)
    WHERE run.status = 'queued' AND (run.id = %(only)s OR %(only)s::uuid IS NULL)
        AND (run.endpoint = '' OR placed.place <= placed.room OR placed.room = 0)
    ORDER BY placed.turn, placed.created_at, placed.id LIMIT %(limit)s
    FOR NO KEY UPDATE OF run SKIP LOCKED
), claimed AS (
    UPDATE chat_run AS run SET status = 'running', lease_token = %(token)s,
        lease_until = statement_timestamp() + %(seconds)s::float8 * interval '1 second',
        lease_suspected_at = NULL, updated_at = statement_timestamp(),
        started_at = coalesce(started_at, statement_timestamp())
    FROM chosen WHERE run.id = chosen.id RETURNING run.id
)
SELECT id FROM claimed
UNION SELECT id FROM chat_run WHERE lease_token = %(token)s AND status = 'running'
"""  # noqa: S608 -- our own words
# Where servers take only so many runs each has its own queue.
PLACES = f"""
WITH {WAITING}, placed AS (
    SELECT id, row_number() OVER (
        PARTITION BY CASE WHEN room > 0 THEN endpoint ELSE '' END ORDER BY turn, created_at, id
    ) AS place FROM rooms
)
SELECT id, place FROM placed WHERE id = %(only)s OR %(only)s::uuid IS NULL
ORDER BY place, id LIMIT %(limit)s
"""  # noqa: S608 -- our own words
# Under this lock it is counted how much room the servers have; held until the commit.
LOCK = "chat_run.endpoint"
HAS_ROOM = """
SELECT (SELECT count(*) FROM chat_run WHERE endpoint = %s AND status = 'running') < %s
    AND NOT EXISTS (SELECT FROM chat_run WHERE endpoint = %s AND status = 'queued')
"""
IS_FREE = """
SELECT count(*) < %s FROM chat_run WHERE endpoint = %s AND status = 'running' AND id <> %s
"""
MOVE = """
UPDATE chat_run SET endpoint = %s, updated_at = statement_timestamp()
WHERE id = %s AND lease_token = %s AND status = 'running' RETURNING id
"""
WAITING_AND_MINE = """
SELECT count(*) FILTER (WHERE status = 'queued'),
    count(*) FILTER (WHERE user_id = %(user)s)
FROM chat_run WHERE endpoint = %(endpoint)s AND status IN ('queued', 'running')
"""
# Nobody knows how long answers take; those who are refused come back in turns about as long.
TURN_SECONDS, SHORTEST_WAIT, LONGEST_WAIT = 5, 5, 300
# Those of this process are counted in its memory, where they end at once.
CALLS = """
SELECT endpoint, count(*) FROM chat_modelcall
WHERE until > statement_timestamp() AND process <> %s GROUP BY endpoint
"""


def may_begin(endpoint: str, *, kept_free: int = 0) -> bool:
    """Whether a new answer may begin before it was queued; the caller holds the transaction.

    With `kept_free` only where so much room is left beside it, if the server has more than that.
    """
    most = most_runs(endpoint)
    if not most or not endpoint:
        return True
    lock_names(LOCK)
    left = max(1, most - kept_free) - calls_by_endpoint()[endpoint]
    row = fetch_row(HAS_ROOM, [endpoint, left, endpoint])
    return row is not None and row[0]


def enforce_queue_bound(endpoint: str, user_id: UUID) -> None:
    """Raise `QueueFull` when too many answers wait for a server that another one would wait for.

    Whoever has an answer there already is refused first; who has none, at twice as many.
    """
    most, bound = most_runs(endpoint), config.llm.max_queued
    if not (most and bound and endpoint):
        return
    row = fetch_row(WAITING_AND_MINE, {"endpoint": endpoint, "user": user_id})
    waiting, mine = row or (0, 0)
    if waiting < (bound if mine else 2 * bound):
        return
    wait = min(max(waiting * TURN_SECONDS // most, SHORTEST_WAIT), LONGEST_WAIT)
    raise QueueFull(
        "Too many answers wait for the model's server; try again in %(wait)s s.", wait=wait
    )


def calls_by_endpoint() -> Counter[str]:
    """How many answers without runs each server makes, for this process and for all others."""
    found = count_calls_by_endpoint()
    found.update(dict(fetch_rows(CALLS, [process_id()])))
    return found


def limits_given() -> dict[str, Any]:
    """What the statements are told of the room at servers."""
    named = room_limits()
    return {
        "most": common_limit(),
        "limited": list(named),
        "limits": list(named.values()),
    }


@transaction.atomic
def claim_queued(
    token: UUID, limit: int, *, seconds: float, only: UUID | None = None
) -> list[UUID]:
    """Take up to `limit` queued runs, or just one, under a lease with this token; their ids.

    Asked again with the same token, because nobody heard the answer, they are named again.
    """
    direct = Counter[str]()
    if is_room_limited():
        lock_names(LOCK)
        direct = calls_by_endpoint()
    given = {
        "token": token,
        "limit": limit,
        "seconds": seconds,
        "only": only,
        # Models that are asked without the agent take room as well.
        "endpoints": list(direct),
        "calls": list(direct.values()),
        **limits_given(),
    }
    return [row[0] for row in fetch_rows(CLAIM, given)]


@transaction.atomic
def move_run(run_id: UUID, token: UUID, endpoint: str) -> bool:
    """Have a running run take room at another server; false while that one is full.

    Who waits there does not go first: the run has waited for its turn already, and has a lease.
    Nothing happens to a run that is not held by this token any more.
    """
    most = most_runs(endpoint) if endpoint else 0
    if most:
        lock_names(LOCK)
        left = most - calls_by_endpoint()[endpoint]
        row = fetch_row(IS_FREE, [left, endpoint, run_id])
        if row is None or not row[0]:
            return False
    fetch_rows(MOVE, [endpoint, run_id, token])
    after_commit(announce_room)
    return True


def claim_run(run_id: UUID, token: UUID, *, seconds: float) -> bool:
    """Take one queued run; false when it was stopped or taken, or its model server is full."""
    return run_id in claim_queued(token, 1, seconds=seconds, only=run_id)


def queued_places(limit: int, *, only: UUID | None = None) -> dict[UUID, int]:
    """The places in their queue of so many queued runs, or of just one; 1 is next."""
    given = {"limit": limit, "only": only, **limits_given()}
    return dict(fetch_rows(PLACES, given))


def announce_queued() -> None:
    """Have a process with room look for queued runs at once."""
    attempt("waking a process for queued runs", sync_redis().publish, CHANNEL, b"")


def announce_room() -> None:
    """Say that a model server may have room again, where room is limited."""
    if is_room_limited():
        announce_queued()
