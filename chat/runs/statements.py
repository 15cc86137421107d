"""The statements every question needs, in plain SQL: each does at once what the ORM does in many.

Whatever else is written about conversations goes through the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chat.enums import ACTIVE_STATUSES, OPEN_CALLS
from youworker.common.fields import Ciphertext
from youworker.common.sql import one_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chat.enums import RunStatus
    from chat.models import Message, Run


def listed(words: tuple[str, ...]) -> str:
    """Words of a fixed vocabulary, as the values of `IN`."""
    return ", ".join(f"'{word}'" for word in words)


# The fence is in the first part; the others do something only when it did.
END_RUN = f"""
WITH ended AS (
    UPDATE chat_run SET status = %s, model = %s, iterations = %s, tokens_in = %s, tokens_out = %s,
        ttft_ms = %s, error_code = %s, error_detail = %s, state = NULL,
        finished_at = statement_timestamp(), updated_at = statement_timestamp()
    WHERE id = %s AND lease_token = %s AND status IN ({listed(ACTIVE_STATUSES)})
    RETURNING id, session_id, answer_id
), answer AS (
    UPDATE chat_message SET content = %s, reasoning = %s, model = %s, tokens_in = %s,
        tokens_out = %s, updated_at = statement_timestamp()
    FROM ended WHERE chat_message.id = ended.answer_id
    RETURNING chat_message.rating, chat_message.comment
), active AS (
    UPDATE chat_session SET active_at = statement_timestamp()
    FROM ended WHERE chat_session.id = ended.session_id AND chat_session.deleted_at IS NULL
)
SELECT answer.rating, answer.comment, EXISTS (
    SELECT FROM chat_toolrun AS call
    WHERE call.run_id = ended.id AND call.status IN ({listed(OPEN_CALLS)})
)
FROM ended LEFT JOIN answer ON TRUE
"""  # noqa: S608 -- our own words


class Ended(NamedTuple):
    """What is left to do for a run that was just ended."""

    has_open_calls: bool


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
    row = one_row(
        END_RUN,
        [
            *(status, run.model, run.iterations, run.tokens_in, run.tokens_out, run.ttft_ms),
            *(run.error_code, sealed(run, "error_detail"), run.pk, run.lease_token),
            *(sealed(answer, "content"), sealed(answer, "reasoning"), answer.model),
            *(answer.tokens_in, answer.tokens_out),
        ],
    )
    if row is None:
        return None
    # Meanwhile its reader may have said what they think of it.
    answer.rating, answer.comment = row[0] or 0, Ciphertext(row[1] or "")
    return Ended(has_open_calls=row[2])


def sealed(row: Run | Message, name: str) -> str:
    """An encrypted column's value as the database takes it."""
    field: Any = row._meta.get_field(name)
    return str(field.pre_save(row, add=False))
