"""Conversations: begun, changed, hidden, and their answers rated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.enums import MessageRole
from chat.models import Message, Run, Session
from chat.runs.titling import shortened_title
from documents.models import Collection
from quotas.enums import UsageKind
from quotas.services import record_usage
from youworker import audit
from youworker.core.exceptions import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User


@transaction.atomic
def create_session(*, collections: Sequence[UUID] = (), actor: User, **fields: Any) -> Session:
    """Begin a conversation; `fields` are those of `SESSION_FIELDS`."""
    return create_session_rows(collections=collections, actor=actor, **fields)


def create_session_rows(*, collections: Sequence[UUID] = (), actor: User, **fields: Any) -> Session:
    """Create a session; the caller holds the transaction."""
    session = Session.objects.create(user=actor, limited=bool(collections), **fields)
    session.collection_ids = session.alive_collection_ids = list(collections)
    if collections:
        set_collections(session, collections, actor=actor)
    audit.record("chat.session.create", actor=actor, target=session)
    record_usage(UsageKind.SESSION, actor.pk)
    return session


@transaction.atomic
def update_session(
    session: Session,
    *,
    collections: Iterable[UUID] | None = None,
    archived: bool | None = None,
    actor: User,
    **fields: Any,
) -> Session:
    """Change a conversation's settings, choose a branch of it, or put it away.

    An empty list of `collections` ends its limit. Raises `InvalidInput` for a `leaf` that is no
    message of it.
    """
    if fields.get("leaf"):
        check_message(session, fields["leaf"], attr="leaf")
    if "title" in fields:
        # A title that somebody chose stays; without one the next question gives it again.
        fields["awaits_title"] = False
    for name, value in fields.items():
        setattr(session, name, value)
    if archived is not None:
        session.archived_at = timezone.now() if archived else None
    session.save_fields(*fields, "archived_at")
    if collections is not None:
        set_collections(session, collections, actor=actor)
        session.limited = bool(session.alive_collection_ids)
        session.save_fields("limited")
    return session


def check_message(session: Session, pk: UUID, *, attr: str) -> None:
    """Raise `InvalidInput` when there is no such message in the session."""
    if not Message.objects.filter(session=session, pk=pk).exists():
        raise InvalidInput("There is no such message in this session.", attr=attr)


def set_collections(session: Session, collections: Iterable[UUID], *, actor: User) -> None:
    """Limit a conversation to some collections; raises `InvalidInput` for unknown ones."""
    chosen = visible_collections(collections, actor=actor)
    session.collections.set(chosen)
    session.alive_collection_ids = [collection.pk for collection in chosen]


def visible_collections(wanted: Iterable[UUID], *, actor: User) -> Sequence[Collection]:
    """The collections with these ids; raises `InvalidInput` when the actor misses one."""
    ids = set(wanted)
    found = list(Collection.objects.visible_to(actor).filter(pk__in=ids))
    if len(found) != len(ids):
        raise InvalidInput("There is no such collection.", attr="collections")
    return found


@transaction.atomic
def delete_session(session: Session, *, actor: User) -> None:
    """Hide a conversation and end its answers; it can be restored for some days."""
    session.soft_delete()
    audit.record("chat.session.delete", actor=actor, target=session)


@transaction.atomic
def restore_session(session: Session, *, actor: User) -> Session:
    """Bring a hidden conversation back; raises `NotFound` when it was purged meanwhile."""
    if not Session.all_objects.filter(pk=session.pk).restore():
        raise NotFound("Not found.")
    session.deleted_at = None
    audit.record("chat.session.restore", actor=actor, target=session)
    return session


def title_from(text: str) -> str:
    """A title made of the first words of a question."""
    return shortened_title(" ".join(text.split()))


def own_session(pk: UUID, *, deleted: bool = False, actor: User) -> Session:
    """A session of the actor; raises `NotFound` for anything else."""
    rows = Session.all_objects.visible_to(actor).with_alive_collection_ids()
    found: Session | None = (rows.deleted() if deleted else rows.alive()).filter(pk=pk).first()
    if found is None:
        raise NotFound("Not found.")
    return found


def active_run_id(session: Session) -> UUID | None:
    """The latest run of a session that has not ended."""
    latest = Run.objects.active().filter(session=session).newest_first()
    return latest.values_list("pk", flat=True).first()


def run_in_session(session: Session, run_id: object) -> UUID:
    """The id of a run of this session; raises `NotFound` for any other, or for nonsense."""
    try:
        wanted = UUID(str(run_id))
    except ValueError as error:
        raise NotFound("Not found.") from error
    if not Run.objects.filter(pk=wanted, session=session).exists():
        raise NotFound("Not found.")
    return wanted


@transaction.atomic
def give_feedback(message: Message, *, rating: int, comment: str = "", actor: User) -> Message:
    """Note what the user thinks of an answer."""
    if message.role != MessageRole.ASSISTANT:
        raise InvalidInput("Feedback is for answers.")
    message.rating, message.comment = rating, comment
    message.save_fields("rating", "comment")
    return message
