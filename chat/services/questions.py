"""Questions: accepted once, with the run and the empty answer that it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from chat.enums import MessageRole
from chat.models import Message, Run, Session
from chat.quotas import require_room_for_run
from chat.services.sessions import begin_session, note_activity, title_from, visible_collections
from youworker.common.correlation import correlation_id
from youworker.common.exceptions import InvalidInput, NotFound
from youworker.common.idempotency import Remembered
from youworker.common.origin import origin
from youworker.common.validators import validate_not_empty

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_TEXT = 200_000
SESSION_FIELDS = ("title", "model", "enable_tools", "enable_web", "language")


@dataclass(frozen=True, slots=True)
class Posted:
    """An accepted question; `is_new` is false when it was accepted before."""

    message_id: UUID
    run_id: UUID
    session_id: UUID
    status: str
    is_new: bool


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
    require_room_for_run(actor, key_id)
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
