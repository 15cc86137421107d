"""The statements every question needs, in plain SQL: each does at once what the ORM does in many.

Whatever else is written about conversations goes through the models.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from chat.enums import ACTIVE_STATUSES, OPEN_CALLS
from chat.events import encoded
from chat.models import Message, Run, Session
from chat.runs.system_prompts import remember_stored
from youworker.core.sql import Insert, fetch_row, fetch_rows, mark_stored
from youworker.encryption.fields import Ciphertext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.db.models import Model

    from accounts.models import User
    from chat.enums import RunStatus


class Latest(Enum):
    """What stands for the latest message, where an id or None would be a certain one or none."""

    MESSAGE = "latest"


def listed(words: tuple[str, ...]) -> str:
    """Words of a fixed vocabulary, as the values of `IN`."""
    return ", ".join(f"'{word}'" for word in words)


# Columns in the order of the model. The rule of `Session.objects.visible_to`.
LOCK_SESSION = """
SELECT talk.id, talk.user_id, talk.title, talk.model, talk.enable_tools, talk.enable_web,
    talk.language, talk.system_prompt,
    talk.awaits_title, talk.limited, EXISTS (
    SELECT FROM chat_attachment AS file WHERE file.session_id = talk.id
), ARRAY(
    SELECT collection_id FROM chat_session_collections AS chosen WHERE chosen.session_id = talk.id
), house.id, house.content
FROM chat_session AS talk LEFT JOIN chat_systemprompt AS house ON TRUE
WHERE talk.id = %s AND talk.user_id = %s AND talk.deleted_at IS NULL
FOR NO KEY UPDATE OF talk
"""
LOCKED = [
    "id",
    "user_id",
    "title",
    "model",
    "enable_tools",
    "enable_web",
    "language",
    "system_prompt",
    "awaits_title",
    "limited",
]

# The given message, else the latest of a session, if one is given, that nothing follows. That may
# be an answer that is still being written. Its session was locked by a statement before, so no
# twin sees the same one.
PARENT = """
coalesce(%s::uuid, (
    SELECT said.id FROM chat_message AS said
    WHERE said.session_id = %s::uuid
        AND NOT EXISTS (SELECT FROM chat_message AS reply WHERE reply.parent_id = said.id)
    ORDER BY said.created_at DESC, said.id DESC LIMIT 1
))
"""
# What is new is what its user reads next, whichever branch they had chosen.
TOUCH_SESSION = """
UPDATE chat_session SET active_at = statement_timestamp(), title = coalesce(%s, title),
    awaits_title = awaits_title OR %s, leaf = NULL, updated_at = statement_timestamp()
WHERE id = %s
"""
SHOW_NEWEST = "UPDATE chat_session SET leaf = NULL WHERE id = %s AND leaf IS NOT NULL"
USE_AGAIN = """
UPDATE chat_message SET run_id = %s, updated_at = statement_timestamp() WHERE id = %s
"""
# What a new row has nothing of yet stands in the statement: the driver takes one of more than 50
# values apart each time anew.
UNRATED = dict.fromkeys(("tokens_in", "tokens_out", "rating"), "0")
UNRATED |= dict.fromkeys(("reasoning", "comment"), "''")
UNRATED["unsupported"] = "'[]'"
UNRATED["tainted"] = "false"
UNBEGUN = dict.fromkeys(("takeovers", "iterations", "tokens_in", "tokens_out"), "0")
UNBEGUN |= dict.fromkeys(("error_code", "error_detail"), "''")
UNBEGUN |= dict.fromkeys(("state", "stop_requested_at", "finished_at", "ttft_ms"), "NULL")
NEW_QUESTION = Insert(Message, parent_id=PARENT, **UNRATED)
NEW_ANSWER = Insert(Message, content="''", **UNRATED)
# Empty seconds make no lease.
LEASE_END = "statement_timestamp() + %s::float8 * interval '1 second'"
NEW_RUN = Insert(Run, lease_until=LEASE_END, **UNBEGUN)

# From a message backwards, along the branch it stands on. By parents alone: ids made by several
# processes need not be in the order of the conversation.
BRANCH = """
WITH RECURSIVE branch AS (
    SELECT id, parent_id, role, content, 1 AS place
    FROM chat_message WHERE id = %s AND session_id = %s
    UNION ALL
    SELECT said.id, said.parent_id, said.role, said.content, place + 1
    FROM branch JOIN chat_message AS said ON said.id = branch.parent_id
    WHERE said.session_id = %s AND place < %s
)
SELECT id, role, content FROM branch ORDER BY place
"""

# The fence is in the first part; the others do something only when it did.
END_RUN = f"""
WITH ended AS (
    UPDATE chat_run SET status = %s, model = %s, iterations = %s, tokens_in = %s, tokens_out = %s,
        ttft_ms = %s, error_code = %s, error_detail = %s, state = NULL,
        finished_at = statement_timestamp(), updated_at = statement_timestamp()
    WHERE id = %s AND lease_token = %s AND status IN ({listed(ACTIVE_STATUSES)})
    RETURNING id, session_id, answer_id
), answer AS (
    UPDATE chat_message SET content = %s, reasoning = %s, unsupported = %s::jsonb, model = %s,
        tokens_in = %s, tokens_out = %s, updated_at = statement_timestamp()
    FROM ended WHERE chat_message.id = ended.answer_id
    RETURNING chat_message.rating, chat_message.comment, chat_message.parent_id
), active AS (
    UPDATE chat_session SET active_at = statement_timestamp()
    FROM ended WHERE chat_session.id = ended.session_id AND chat_session.deleted_at IS NULL
)
SELECT answer.rating, answer.comment, EXISTS (
    SELECT FROM chat_toolrun AS call
    WHERE call.run_id = ended.id AND call.status IN ({listed(OPEN_CALLS)})
), ARRAY(
    SELECT said.id FROM chat_message AS said
    WHERE said.parent_id = answer.parent_id AND said.role = 'assistant'
    ORDER BY said.created_at, said.id
)
FROM ended LEFT JOIN answer ON TRUE
"""  # noqa: S608 -- our own words

# The lock on the run comes before or after its end, so an older text never replaces the last.
# Runs are locked in one order, so that two of these never wait for each other.
SAVE_TEXTS = f"""
WITH said AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[])
        AS given (run_id, token, content, reasoning)
), held AS (
    SELECT run.id, run.answer_id, said.content, said.reasoning
    FROM chat_run AS run JOIN said ON said.run_id = run.id AND said.token = run.lease_token
    WHERE run.status IN ({listed(ACTIVE_STATUSES)})
    ORDER BY run.id FOR NO KEY UPDATE OF run
)
UPDATE chat_message SET content = held.content, reasoning = held.reasoning,
    updated_at = statement_timestamp()
FROM held WHERE chat_message.id = held.answer_id RETURNING held.id
"""  # noqa: S608 -- our own words


def lock_session(pk: UUID, user: User) -> Session | None:
    """Lock one of a user's conversations; None when they have no such one."""
    row = fetch_row(LOCK_SESSION, [pk, user.pk])
    if row is None:
        return None
    found: dict[str, Any] = dict(zip(LOCKED, row, strict=False))
    for name in ("title", "system_prompt"):
        found[name] = Ciphertext(found[name])
    session = Session.from_db("default", LOCKED, [found[name] for name in LOCKED])
    session.has_attachments, session.collection_ids, house_id, house = row[-4:]
    # The run that is about to begin needs it, too.
    remember_stored(house_id, house)
    return session


@cache
def new_question_sql() -> str:
    """Write a question, its answer and its run, and move their session to the front."""
    rows = f"question AS ({NEW_QUESTION.sql} RETURNING parent_id), answer AS ({NEW_ANSWER.sql})"
    rows += f", run AS ({NEW_RUN.sql}), active AS ({TOUCH_SESSION})"
    return f"WITH {rows} SELECT parent_id FROM question"  # noqa: S608 -- our own words


@cache
def repeated_question_sql() -> str:
    """Write another answer and its run for a question of before."""
    rows = f"question AS ({USE_AGAIN} RETURNING parent_id), answer AS ({NEW_ANSWER.sql})"
    rows += f", run AS ({NEW_RUN.sql}), shown AS ({SHOW_NEWEST})"
    return f"WITH {rows} SELECT parent_id FROM question"  # noqa: S608 -- our own words


def insert_question(
    run: Run, *, parent_id: UUID | Latest | None, title: str | None, seconds: float | None
) -> UUID | None:
    """Store a run with its question and answer, under a lease of so many seconds.

    What the question follows: the given message, none, or the latest. A session gets its title
    unless that is None. The caller has locked the session, and holds the transaction.
    """
    question, answer = run.question, answer_of(run)
    follows = [None, run.session_id] if isinstance(parent_id, Latest) else [parent_id, None]
    values = NEW_QUESTION.values(question, parent_id=follows)
    values += NEW_ANSWER.values(answer) + NEW_RUN.values(run, lease_until=[seconds])
    row = fetch_row(new_question_sql(), [*values, title, title is not None, run.session_id])
    question.parent_id = row[0] if row else None
    mark_stored(question, answer, run)
    return question.parent_id


def insert_run(run: Run, *, seconds: float | None) -> None:
    """Store a run with its answer for a question that is stored, under a lease."""
    values = NEW_ANSWER.values(answer_of(run)) + NEW_RUN.values(run, lease_until=[seconds])
    given = [run.pk, run.question_id, *values, run.session_id]
    fetch_row(repeated_question_sql(), given)
    mark_stored(answer_of(run), run)


def read_branch(session_id: UUID, last: UUID, *, most: int) -> list[Message]:
    """A message and those before it, newest first, with their role and content only."""
    rows = fetch_rows(BRANCH, [last, session_id, session_id, most])
    names = ["id", "role", "content"]
    return [
        Message.from_db("default", names, [pk, role, Ciphertext(content)])
        for pk, role, content in rows
    ]


def answer_of(run: Run) -> Message:
    """The answer a run writes."""
    if run.answer is None:
        raise ValueError(f"run {run.pk} has no answer to write")
    return run.answer


class Ended(NamedTuple):
    """What is left to do for a run that was just ended."""

    has_open_calls: bool
    # All answers to the same question, in the order in which they were begun.
    siblings: list[UUID]


def end_run(
    run: Run, answer: Message, status: RunStatus, figures: Mapping[str, Any]
) -> Ended | None:
    """End a run that is held, with its answer; None when it is not held any more.

    Both are then as they are stored. The caller holds the transaction.
    """
    for name, value in figures.items():
        setattr(run, name, value)
    run.status = status
    answer.model, answer.tokens_in, answer.tokens_out = run.model, run.tokens_in, run.tokens_out
    row = fetch_row(
        END_RUN,
        [
            *(status, run.model, run.iterations, run.tokens_in, run.tokens_out, run.ttft_ms),
            *(run.error_code, sealed(run, "error_detail"), run.pk, run.lease_token),
            *(sealed(answer, "content"), sealed(answer, "reasoning")),
            *(encoded(answer.unsupported).decode(), answer.model),
            *(answer.tokens_in, answer.tokens_out),
        ],
    )
    if row is None:
        return None
    # Meanwhile its reader may have said what they think of it.
    answer.rating, answer.comment = row[0] or 0, Ciphertext(row[1] or "")
    return Ended(has_open_calls=row[2], siblings=row[3] or [answer.pk])


def save_texts(texts: Sequence[tuple[Run, Message]]) -> set[UUID]:
    """Write the texts of answers that grow; those of their runs that are still held."""
    columns: list[list[Any]] = [
        [run.pk for run, _ in texts],
        [run.lease_token for run, _ in texts],
        [sealed(answer, "content") for _, answer in texts],
        [sealed(answer, "reasoning") for _, answer in texts],
    ]
    return {row[0] for row in fetch_rows(SAVE_TEXTS, columns)}


def sealed(row: Model, name: str) -> str:
    """An encrypted column's value as the database takes it."""
    field: Any = row._meta.get_field(name)
    return str(field.pre_save(row, add=False))
