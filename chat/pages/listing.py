"""The list of conversations at the side of the chat."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chat import services
from chat.models import Session
from chat.queries import SessionRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from accounts.models import User
    from chat.services.searching import FoundMessage

PER_PAGE = 40
# Each with some lines of what was said.
FOUND_PER_PAGE = 20
WEEK, MONTH = 7, 30


@dataclass
class SessionList:
    """One page of somebody's conversations."""

    search: str = ""
    archived: bool = False
    deleted: bool = False
    origin: str = ""
    page: int = 1
    groups: list[tuple[str, list[Session]]] = field(default_factory=list)
    next_page: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing on this page."""
        return not self.groups


def list_sessions(
    user: User,
    *,
    search: str = "",
    archived: bool = False,
    deleted: bool = False,
    origin: str = "",
    page: int = 1,
) -> SessionList:
    """One page of the conversations of somebody, latest first, grouped by when they were used."""
    start = (page - 1) * PER_PAGE
    # One more on either side: whether there is a next page, and where the former one ended.
    first = max(start - 1, 0)
    part = slice(first, start + PER_PAGE + 1)
    rows = read_sessions(
        user, part, search=search, archived=archived, deleted=deleted, origin=origin
    )
    today = timezone.localdate()
    former = period_of(rows[0], today) if start and rows else ""
    own = rows[start - first :]
    groups = [
        ("" if name == former else name, list(members))
        for name, members in groupby(own[:PER_PAGE], key=lambda row: period_of(row, today))
    ]
    more = page + 1 if len(own) > PER_PAGE else None
    return SessionList(search, archived, deleted, origin, page, groups, more)


def read_sessions(
    user: User,
    part: slice,
    *,
    search: str,
    archived: bool,
    deleted: bool,
    origin: str,
) -> Sequence[Session]:
    """Some conversations, latest first; only their titles are decrypted."""
    if not search and not deleted:
        return SessionRows(user, archived=archived, origin=origin)[part]
    own: Any = Session.all_objects.visible_to(user).latest_first()
    alive = own.alive().archived(archived=archived).of_origin(origin)
    rows = own.deleted() if deleted else alive
    if not search:
        return list(rows[part])
    ids = services.ids_of_titled(rows, search)[part]
    found = rows.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


@dataclass
class FoundList:
    """One page of the conversations in which something was said, each with its latest message."""

    page: int
    found: list[FoundMessage]
    next_page: int | None


def find_in_sessions(
    user: User, *, search: str, archived: bool = False, origin: str = "", page: int = 1
) -> FoundList:
    """The conversations of somebody in which the words were said; no more is read than is shown."""
    latest: dict[UUID, UUID] = {}
    for said in services.find_said(search, archived=archived, origin=origin, actor=user):
        latest.setdefault(said.session_id, said.message_id)
        if len(latest) > page * FOUND_PER_PAGE:
            break
    ids = list(latest.values())[(page - 1) * FOUND_PER_PAGE :]
    found = list(services.read_found(ids[:FOUND_PER_PAGE], search, actor=user))
    return FoundList(page, found, page + 1 if len(ids) > FOUND_PER_PAGE else None)


def period_of(session: Session, today: date) -> str:
    """When a conversation was last used, in words."""
    used = timezone.localdate(session.active_at)
    days = (today - used).days
    if days <= 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    if days <= WEEK:
        return _("Last 7 days")
    if days <= MONTH:
        return _("Last 30 days")
    return date_format(used, "F Y" if used.year != today.year else "F")
