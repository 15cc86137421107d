"""The statement every request with an API key begins with, in plain SQL."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from accounts.models import ApiKey, User
from youworker.core.sql import Columns, fetch_row

if TYPE_CHECKING:
    from uuid import UUID

KEY, OWNER = Columns(ApiKey, "shown"), Columns(User, "owner")


@cache
def key_sql(column: str) -> str:
    """Read a key, by one of its unique columns, with its user."""
    return (
        f"SELECT {KEY.sql}, {OWNER.sql}"  # noqa: S608 -- our own words
        ' FROM "accounts_apikey" AS shown JOIN "accounts_user" AS owner ON owner.id = shown.user_id'
        f" WHERE shown.{column} = %s"
    )


def find_key_by_digest(digest: str) -> ApiKey | None:
    """The key of which this is the stored form, usable or not, with its user."""
    return read_key("digest", digest)


def find_key_by_id(pk: UUID | str) -> ApiKey | None:
    """A key, usable or not, with its user."""
    return read_key("id", pk)


def read_key(column: str, value: UUID | str) -> ApiKey | None:
    """The key that has a value in a unique column, with its user."""
    row = fetch_row(key_sql(column), [value])
    if row is None:
        return None
    key: ApiKey = KEY.make_row(row[: len(KEY.names)])
    key.user = OWNER.make_row(row[len(KEY.names) :])
    return key
