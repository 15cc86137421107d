"""The list of conversations, which every client asks for first, in plain SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.managers import ALIVE_COLLECTIONS
from chat.models import Session
from youworker.core.sql import Columns, fetch_row, fetch_rows

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User

SESSION = Columns(Session, "chat_session")
# The rules of `Session.objects.visible_to` and `archived`, and the first of `of_origin`.
OWN = "user_id = %s AND deleted_at IS NULL AND (archived_at IS NOT NULL) = %s AND origin = %s"
# The second of `of_origin`.
RUN = "SELECT FROM chat_run WHERE session_id = chat_session.id AND thread"
SHOWN = f"(NOT EXISTS ({RUN} = 'unkept') OR EXISTS ({RUN} <> 'unkept'))"
# As `latest_first`.
ORDER = "ORDER BY active_at DESC, id DESC LIMIT %s OFFSET %s"


class SessionRows:
    """A user's conversations, latest first, with the ids of their collections; to be sliced."""

    def __init__(self, user: User, *, archived: bool, origin: str = "") -> None:
        self.values = [user.pk, archived, origin]
        self.rules = f"{OWN} AND {SHOWN}" if origin else OWN

    def __getitem__(self, part: slice) -> list[Session]:
        columns = f"{ALIVE_COLLECTIONS}, {SESSION.sql}"
        statement = f"SELECT {columns} FROM chat_session WHERE {self.rules} {ORDER}"  # noqa: S608 -- our own words
        values = [*self.values, part.stop - part.start, part.start]
        return [make_session(*row) for row in fetch_rows(statement, values)]

    def count(self) -> int:
        """How many there are."""
        found = fetch_row(f"SELECT count(*) FROM chat_session WHERE {self.rules}", self.values)  # noqa: S608 -- our own words
        return found[0] if found else 0


def make_session(collection_ids: list[UUID], *columns: object) -> Session:
    """A row with the ids of its collections."""
    session: Session = SESSION.make_row(columns)
    session.alive_collection_ids = collection_ids
    return session
