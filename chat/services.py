"""What people do with conversations; carrying out a run is `chat.runs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.clearing import apply_retention as apply_retention  # noqa: PLC0414 -- services, too
from chat.clearing import clear_history as clear_history  # noqa: PLC0414
from chat.enums import MessageRole
from chat.exceptions import RunFinished
from chat.models import Message, Run, Session
from chat.quotas import enforce_run_quota
from documents.models import Collection
from youworker.common import audit
from youworker.common.correlation import correlation_id
from youworker.common.exceptions import InvalidInput, NotFound
from youworker.common.idempotency import Remembered
from youworker.common.origin import origin
from youworker.common.slots import give_way
from youworker.common.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User
    from chat.managers import SessionQuerySet

TITLE_CHARACTERS = 80
LONGEST_TEXT = 200_000
# Some 20 ms of decrypting, about as long as any other request takes.
TITLES_AT_ONCE = 500
SESSION_FIELDS = ("title", "model", "enable_tools", "enable_web", "language")


@dataclass(frozen=True, slots=True)
class Posted:
    """An accepted question; `is_new` is false when it was accepted before."""

    message_id: UUID
    run_id: UUID
    session_id: UUID
    status: str
    is_new: bool


@transaction.atomic
def create_session(*, collections: Sequence[UUID] = (), actor: User, **fields: Any) -> Session:
    """Begin a conversation; `fields` are those of `SESSION_FIELDS`."""
    return begin_session(collections=collections, actor=actor, **fields)


def begin_session(*, collections: Sequence[UUID] = (), actor: User, **fields: Any) -> Session:
    """Create a session; the caller holds the transaction."""
    session = Session.objects.create(user=actor, **fields)
    if collections:
        set_collections(session, collections, actor=actor)
    audit.record("chat.session.create", actor=actor, target=session)
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
    """Change a conversation's settings, or put it away."""
    for name, value in fields.items():
        setattr(session, name, value)
    if archived is not None:
        session.archived_at = timezone.now() if archived else None
    session.save_fields(*fields, "archived_at")
    if collections is not None:
        set_collections(session, collections, actor=actor)
    return session


def set_collections(session: Session, collections: Iterable[UUID], *, actor: User) -> None:
    """Limit a conversation to some collections; raises `InvalidInput` for unknown ones."""
    session.collections.set(visible_collections(collections, actor=actor))


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


@validate_not_empty("text")
@transaction.atomic
def post_message(
    session: Session,
    *,
    text: str,
    model: str = "",
    parent_id: UUID | None = None,
    options: dict[str, Any] | None = None,
    idempotency_key: str = "",
    actor: User,
) -> Posted:
    """Store a question and queue its run; launching is left to the edge, after the commit."""
    check_text(text)
    body = {"session": session.pk, "text": text, "model": model, "parent": parent_id}
    remembered = Remembered(idempotency_key, {**body, "options": options}, actor=actor)
    if remembered.answer is not None:
        return posted_before(remembered.answer)
    session = lock_session(session, actor=actor)
    posted = store_question(
        session, text=text, model=model, parent_id=parent_id, options=options or {}, actor=actor
    )
    remembered.keep(ids_of(posted))
    return posted


def store_question(
    session: Session,
    *,
    text: str,
    model: str,
    parent_id: UUID | None,
    options: dict[str, Any],
    actor: User,
) -> Posted:
    """Store a question with its queued run in a session that is new or locked."""
    parent = parent_of(session, parent_id)
    question = Message(session=session, role=MessageRole.USER, content=text, parent=parent)
    run = queue_run(question, is_new=True, model=model, options=options, actor=actor)
    note_activity(session, text)
    return Posted(question.pk, run.pk, session.pk, run.status, is_new=True)


def lock_session(session: Session, *, actor: User) -> Session:
    """The session as it is now, which nobody posts to or removes before this transaction ends.

    Raises `NotFound` when it went since it was looked up.
    """
    # Foreign keys are checked at the commit, when it is too late to say what is wrong.
    rows = Session.objects.visible_to(actor).select_for_update(no_key=True, of=("self",))
    found: Session | None = rows.filter(pk=session.pk).first()
    if found is None:
        raise NotFound("Not found.")
    return found


def note_activity(session: Session, text: str) -> None:
    """Move a session to the front, and name it after its first question."""
    if session.title:
        Session.objects.touch(session.pk)
    else:
        session.active_at = timezone.now()
        session.title = title_from(text)
        session.save_fields("title", "active_at")


def ids_of(posted: Posted) -> dict[str, str]:
    """What is remembered of an accepted question."""
    return {
        "message": str(posted.message_id),
        "run": str(posted.run_id),
        "session": str(posted.session_id),
    }


def posted_before(answer: dict[str, Any]) -> Posted:
    """The first answer to a request that was sent again."""
    run = Run.objects.filter(pk=answer["run"]).first()
    if run is None:
        raise NotFound("This request was answered before, and the answer was deleted since.")
    ids = [UUID(answer[name]) for name in ("message", "run", "session")]
    return Posted(ids[0], ids[1], ids[2], run.status, is_new=False)


@validate_not_empty("text")
@transaction.atomic
def post_chat(
    *,
    text: str,
    session: Session | None,
    model: str = "",
    options: dict[str, Any] | None = None,
    idempotency_key: str = "",
    actor: User,
) -> Posted:
    """Store a question, beginning a conversation for it when there is none."""
    if session is not None:
        return post_message(
            session,
            text=text,
            model=model,
            options=options,
            idempotency_key=idempotency_key,
            actor=actor,
        )
    check_text(text)
    chosen = options or {}
    body = {"text": text, "model": model, "options": chosen, "session": None}
    remembered = Remembered(idempotency_key, body, actor=actor)
    if remembered.answer is not None:
        return posted_before(remembered.answer)
    fields = {name: value for name, value in chosen.items() if name in SESSION_FIELDS}
    session = begin_session(model=model, title=title_from(text), actor=actor, **fields)
    posted = store_question(
        session, text=text, model=model, parent_id=None, options=chosen, actor=actor
    )
    remembered.keep(ids_of(posted))
    return posted


@transaction.atomic
def regenerate(message: Message, *, model: str = "", actor: User) -> Posted:
    """Queue another answer to the question behind `message`."""
    question = message.parent if message.role == MessageRole.ASSISTANT else message
    if question is None:
        raise InvalidInput("There is no question to answer again.")
    question.session = lock_session(question.session, actor=actor)
    run = queue_run(question, is_new=False, model=model, options={}, actor=actor)
    return Posted(question.pk, run.pk, question.session_id, run.status, is_new=True)


def queue_run(
    question: Message, *, is_new: bool, model: str, options: dict[str, Any], actor: User
) -> Run:
    """Create the run and the empty answer it will fill; the caller holds the transaction.

    Raises `QuotaExceeded`.
    """
    session = question.session
    key_id = origin().key_id
    enforce_run_quota(actor, key_id)
    run = Run(
        session=session,
        user=actor,
        question=question,
        api_key_id=key_id,
        model=model or session.model,
        correlation_id=correlation_id(),
        lease_until=Run.handover_end(),
        options=run_options(session, options, actor=actor),
    )
    answer = Message(
        session=session, role=MessageRole.ASSISTANT, parent=question, run=run, model=run.model
    )
    question.run, run.answer = run, answer
    # The three rows point at each other, which is checked when the transaction ends.
    if is_new:
        Message.objects.bulk_create([question, answer])
    else:
        Message.objects.bulk_create([answer])
        question.save_fields("run")
    run.save(force_insert=True)
    return run


def run_options(session: Session, options: dict[str, Any], *, actor: User) -> dict[str, Any]:
    """The settings of one run: those of the request, else of the session."""
    collections = options.get("collections")
    if collections is None:
        chosen = [str(pk) for pk in session.collections.values_list("pk", flat=True)]
    else:
        chosen = [str(each.pk) for each in visible_collections(collections, actor=actor)]
    return {
        "enable_tools": options.get("enable_tools", session.enable_tools),
        "enable_web": options.get("enable_web", session.enable_web),
        "language": options.get("language") or session.language,
        "collections": chosen,
    }


def parent_of(session: Session, parent_id: UUID | None) -> Message | None:
    """The message a new question follows: the given one, else the latest that nothing follows.

    That may be an answer that is still being written. The caller has locked the session, so
    questions at the same moment follow each other instead of forking the conversation.
    """
    messages = Message.objects.filter(session=session)
    if parent_id is None:
        return messages.filter(replies=None).order_by("-pk").first()
    parent = messages.filter(pk=parent_id).first()
    if parent is None:
        raise InvalidInput("There is no such message in this session.", attr="parent_id")
    return parent


def check_text(text: str) -> None:
    """Refuse what cannot be stored or would fill every window."""
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"A message has at most {LONGEST_TEXT:,} characters.", attr="text")


def title_from(text: str) -> str:
    """A title made of the first words of a question."""
    line = " ".join(text.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    return line[:TITLE_CHARACTERS].rsplit(" ", 1)[0] + "…"


@transaction.atomic
def give_feedback(message: Message, *, rating: int, comment: str = "", actor: User) -> Message:
    """Note what the user thinks of an answer."""
    if message.role != MessageRole.ASSISTANT:
        raise InvalidInput("Feedback is for answers.")
    message.rating, message.comment = rating, comment
    message.save_fields("rating", "comment")
    return message


def check_stoppable(run: Run) -> None:
    """Raise `RunFinished` when there is nothing to stop any more."""
    if not run.is_active:
        raise RunFinished("This run has ended already.")


def own_session(pk: UUID, *, deleted: bool = False, actor: User) -> Session:
    """A session of the actor; raises `NotFound` for anything else."""
    rows = Session.all_objects.visible_to(actor)
    found: Session | None = (rows.deleted() if deleted else rows.alive()).filter(pk=pk).first()
    if found is None:
        raise NotFound("Not found.")
    return found


def ids_of_titled(sessions: SessionQuerySet, words: str) -> list[UUID]:
    """The ids of those sessions whose title has the words, in order.

    Titles are encrypted, so they are read here: some at a time, and others may go between.
    """
    wanted, found = words.casefold(), list[UUID]()
    plain = sessions.prefetch_related(None)
    ids = list(plain.values_list("pk", flat=True))
    for start in range(0, len(ids), TITLES_AT_ONCE):
        part = ids[start : start + TITLES_AT_ONCE]
        titled = plain.order_by().only("title").in_bulk(part)
        found += [pk for pk in part if pk in titled and wanted in titled[pk].title.casefold()]
        give_way()
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
