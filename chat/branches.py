"""The branches of a conversation: which message follows which, without what was said."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db.models import Q

from chat.models import Message
from chat.standing import add_attachments
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chat.managers import MessageQuerySet
    from chat.models import Session


class Place(NamedTuple):
    """Where a message stands."""

    id: UUID
    parent_id: UUID | None
    role: str


class MessageTree:
    """All messages of a conversation by their places, in the order in which they were begun."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = {place.id: place for place in places}
        self.replies = defaultdict[UUID | None, list[UUID]](list)
        self.versions = defaultdict[tuple[UUID | None, str], list[UUID]](list)
        for place in self.places.values():
            self.replies[place.parent_id].append(place.id)
            self.versions[place.parent_id, place.role].append(place.id)

    @property
    def ids(self) -> list[UUID]:
        """Every message."""
        return list(self.places)

    def siblings_of(self, pk: UUID) -> list[UUID]:
        """The messages of the same role that follow the same one, itself included."""
        place = self.places[pk]
        return self.versions[place.parent_id, place.role]

    def branch_of(self, leaf: UUID | None) -> list[UUID]:
        """The messages from the first one to `leaf`; none without one.

        Raises `NotFound` when it is not in this conversation.
        """
        found: list[UUID] = []
        if leaf is not None and leaf not in self.places:
            raise NotFound("Not found.")
        while leaf in self.places:
            found.append(leaf)
            leaf = self.places[leaf].parent_id
        return found[::-1]

    def latest_leaf(self, below: UUID | None = None) -> UUID | None:
        """The newest message that nothing follows, of all or of those from `below` on.

        None in an empty conversation. A message that is not there any more counts as none.
        """
        inside = self.from_on(below) if below in self.places else self.places
        return next((pk for pk in reversed(self.places) if pk in inside and self.is_leaf(pk)), None)

    def is_leaf(self, pk: UUID) -> bool:
        """Whether nothing follows a message."""
        return pk not in self.replies

    def from_on(self, pk: UUID) -> set[UUID]:
        """A message and everything that follows it, on all branches."""
        found, left = set[UUID](), [pk]
        while left:
            found.add(here := left.pop())
            left += self.replies.get(here, ())
        return found


def read_tree(session: Session) -> MessageTree:
    """The tree of a conversation, in one query, in which nothing is decrypted."""
    return tree_of(Message.objects.filter(session=session))


def tree_of(messages: MessageQuerySet) -> MessageTree:
    """The places of messages, in one query."""
    rows = messages.in_order().values_list("pk", "parent_id", "role")
    return MessageTree(map(Place._make, rows))


def shown_leaf(session: Session, tree: MessageTree) -> UUID | None:
    """The end of the branch that is shown: the newest one of what its user chose, or of all."""
    return tree.latest_leaf(below=session.leaf)


def messages_beside(
    tree: MessageTree,
    *,
    leaf: UUID | None = None,
    before: UUID | None = None,
    after: UUID | None = None,
) -> list[UUID]:
    """The messages of one branch, or all; those before one, nearest first, or those after one.

    Raises `NotFound` when one of these is not in this conversation, or not on that branch.
    """
    ids = tree.ids if leaf is None else tree.branch_of(leaf)
    beside = before or after
    if beside is None:
        return ids
    if beside not in ids:
        raise NotFound("Not found.")
    here = ids.index(beside)
    return ids[here + 1 :] if before is None else ids[:here][::-1]


def read_messages(ids: Sequence[UUID]) -> list[Message]:
    """The messages with these ids, in the order of the ids, with their details.

    Those that went meanwhile are left out.
    """
    rows = Message.objects.filter(pk__in=ids).with_details().with_summarised()
    found = {row.pk: row for row in rows}
    messages = [found[pk] for pk in ids if pk in found]
    add_attachments(messages)
    return messages


def sibling_ids(message: Message) -> list[UUID]:
    """The messages of the same role that follow the same one, itself included."""
    return read_siblings([message]).versions[message.parent_id, message.role]


def read_siblings(messages: Iterable[Message]) -> MessageTree:
    """The places of some messages and of their siblings, in one query."""
    beside = Q(pk__in=())
    for message in messages:
        beside |= Q(session=message.session_id, parent=message.parent_id)
    return tree_of(Message.objects.filter(beside))
