"""Questions: accepted once, with the run and the empty answer that it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.enums import MessageRole, RunStatus
from chat.llm.registry import endpoint_of
from chat.models import Message, Run
from chat.quotas import enforce_run_quota
from chat.runs import statements
from chat.runs.queue import announce_queued, enforce_queue_bound, may_begin
from chat.runs.statements import Latest
from chat.services.attachments import copies_of, find_attachments, store_attachments
from chat.services.sessions import (
    check_message,
    create_session_rows,
    title_from,
    visible_collections,
)
from youworker.core import tracing
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.exceptions import InvalidInput, NotFound
from youworker.core.idempotency import IdempotentWrite
from youworker.core.request_context import correlation_id, request_origin
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User
    from chat.models import Attachment, Session
    from chat.runs.leases import RunLease

LONGEST_TEXT = 200_000
# Whether the answer is spoken, and what was understood of a spoken question.
VOICE_OPTIONS = ("speak", "transcript")
SESSION_FIELDS = ("title", "model", "enable_tools", "enable_web", "language", "system_prompt")


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """An accepted question; `is_new` is false when it was accepted before.

    With `claimed` its run is running already, under the lease it was accepted with.
    """

    message_id: UUID
    run_id: UUID
    session_id: UUID
    status: str
    is_new: bool
    claimed: Run | None = None


@validate_not_empty("text")
@transaction.atomic
def post_message(
    session: Session,
    *,
    text: str,
    model: str = "",
    parent_id: UUID | Latest | None = Latest.MESSAGE,
    options: dict[str, Any] | None = None,
    attachments: Sequence[UUID] = (),
    repeats: Message | None = None,
    idempotency_key: str = "",
    lease: RunLease | None = None,
    actor: User,
) -> AcceptedMessage:
    """Store a question with its run, which begins under `lease`, or is queued.

    `attachments` are ids of documents, or of files of uploads; a question that `repeats` another
    in other words has the files of that one, too.

    It follows the latest message, another one, or with None as its parent nothing: it is then
    another beginning of the conversation. Of the session only the id is taken: it is read again
    under its lock. Raises `NotFound` when the actor has no such session, and `QuotaExceeded`.
    """
    check_text(text)
    body = {"session": session.pk, "model": model, "parent": told_parent(parent_id)}
    told = told_question(text, options) | told_attachments(attachments)
    remembered = IdempotentWrite(idempotency_key, {**body, **told}, actor=actor)
    if remembered.answer is not None:
        return find_accepted(remembered.answer)
    session = lock_session(session.pk, actor=actor)
    if isinstance(parent_id, UUID):
        check_message(session, parent_id, attr="parent_id")
    files = find_attachments(attachments, actor=actor)
    if repeats is not None:
        files += copies_of(repeats)
    session.has_attachments |= bool(files)
    question = Message(session=session, role=MessageRole.USER, content=text)
    run = run_for(question, model=model, options=options or {}, lease=lease, actor=actor)
    return store_question(run, remembered, parent_id=parent_id, files=files)


def lock_session(pk: UUID, *, actor: User) -> Session:
    """The session as it is now, which nobody posts to or removes before this transaction ends.

    Raises `NotFound` when the actor has no such session.
    """
    # Foreign keys are checked at the commit, when it is too late to say what is wrong.
    found = statements.lock_session(pk, actor)
    if found is None:
        raise NotFound("Not found.")
    return found


def store_question(
    run: Run,
    remembered: IdempotentWrite,
    *,
    parent_id: UUID | Latest | None = Latest.MESSAGE,
    files: Sequence[Attachment] = (),
) -> AcceptedMessage:
    """Store a question with its run and files; name the session after its first question."""
    title = None
    if not run.session.title:
        run.session.title = title_from(run.question.content)
        run.session.awaits_title = True
        title = statements.sealed(run.session, "title")
    seconds = lease_seconds(run)
    statements.insert_question(run, parent_id=parent_id, title=title, seconds=seconds)
    if files:
        store_attachments(run.question, files, actor=run.user)
    posted = accept_run(run)
    remembered.store_answer(ids_of(posted))
    return posted


def accept_run(run: Run) -> AcceptedMessage:
    """Say that a run was just stored, and wake who carries it out when it has to wait."""
    if run.status == RunStatus.QUEUED:
        after_commit(announce_queued)
    claimed = run if run.status == RunStatus.RUNNING else None
    return AcceptedMessage(
        run.question_id, run.pk, run.session_id, run.status, is_new=True, claimed=claimed
    )


def lease_seconds(run: Run) -> float | None:
    """How long a new run is left to its process."""
    return None if run.lease_token is None else config.agent.lease_seconds


def ids_of(posted: AcceptedMessage) -> dict[str, str]:
    """What is remembered of an accepted question."""
    return {
        "message": str(posted.message_id),
        "run": str(posted.run_id),
        "session": str(posted.session_id),
    }


def find_accepted(answer: dict[str, Any]) -> AcceptedMessage:
    """The first answer to a request that was sent again."""
    run = Run.objects.filter(pk=answer["run"]).first()
    if run is None:
        raise NotFound("This request was answered before, and the answer was deleted since.")
    ids = [UUID(answer[name]) for name in ("message", "run", "session")]
    return AcceptedMessage(ids[0], ids[1], ids[2], run.status, is_new=False)


@validate_not_empty("text")
@transaction.atomic
def post_chat(
    *,
    text: str,
    session: Session | None,
    model: str = "",
    options: dict[str, Any] | None = None,
    collections: Sequence[UUID] = (),
    attachments: Sequence[UUID] = (),
    idempotency_key: str = "",
    lease: RunLease | None = None,
    actor: User,
) -> AcceptedMessage:
    """Store a question, beginning a conversation for it when there is none.

    A new conversation is limited to `collections`, if there are any.
    """
    if session is not None:
        return post_message(
            session,
            text=text,
            model=model,
            options=options,
            attachments=attachments,
            idempotency_key=idempotency_key,
            lease=lease,
            actor=actor,
        )
    check_text(text)
    chosen = options or {}
    body: dict[str, Any] = {"model": model, "session": None, **told_question(text, chosen)}
    if collections:
        body["collections"] = sorted(map(str, collections))
    body |= told_attachments(attachments)
    remembered = IdempotentWrite(idempotency_key, body, actor=actor)
    if remembered.answer is not None:
        return find_accepted(remembered.answer)
    files = find_attachments(attachments, actor=actor)
    fields = {name: value for name, value in chosen.items() if name in SESSION_FIELDS}
    fields = {"title": title_from(text), "awaits_title": True, **fields}
    session = create_session_rows(collections=collections, model=model, actor=actor, **fields)
    session.has_attachments = bool(files)
    question = Message(session=session, role=MessageRole.USER, content=text)
    run = run_for(question, model=model, options=chosen, lease=lease, actor=actor)
    return store_question(run, remembered, files=files)


@transaction.atomic
def regenerate(
    message: Message, *, model: str = "", lease: RunLease | None = None, actor: User
) -> AcceptedMessage:
    """Begin, or queue, another answer to the question behind `message`."""
    question = message.parent if message.role == MessageRole.ASSISTANT else message
    if question is None:
        raise InvalidInput("There is no question to answer again.")
    question.session = lock_session(question.session_id, actor=actor)
    run = run_for(question, model=model, options={}, lease=lease, actor=actor)
    statements.insert_run(run, seconds=lease_seconds(run))
    return accept_run(run)


def run_for(
    question: Message,
    *,
    model: str,
    options: dict[str, Any],
    lease: RunLease | None,
    actor: User,
) -> Run:
    """The unsaved run of a question, with the empty answer it will fill.

    It is running under the lease, if there is one and its model server has room. The caller
    holds the transaction. Raises `QuotaExceeded`.
    """
    session, key_id = question.session, request_origin().key_id
    enforce_run_quota(actor, key_id)
    name = model or session.model
    run = Run(
        session=session,
        user=actor,
        question=question,
        api_key_id=key_id,
        model=name,
        endpoint=endpoint_of(name),
        correlation_id=correlation_id(),
        options=run_options(session, options, actor=actor),
    )
    tracing.remember_cause(run.pk)
    # The rows point at each other, which is checked when the transaction ends.
    question.run = run
    run.answer = Message(
        session=session, role=MessageRole.ASSISTANT, parent=question, run=run, model=name
    )
    if lease is not None and may_begin(run.endpoint):
        run.status, run.started_at = RunStatus.RUNNING, timezone.now()
        run.lease_token = lease.token
    else:
        enforce_queue_bound(run.endpoint, actor.pk)
    return run


def run_options(session: Session, options: dict[str, Any], *, actor: User) -> dict[str, Any]:
    """The settings of one run: those of the request, else of the session."""
    collections = options.get("collections")
    if collections is None:
        chosen = [str(pk) for pk in session.collection_ids]
    else:
        chosen = [str(each.pk) for each in visible_collections(collections, actor=actor)]
    settings = {
        "enable_tools": options.get("enable_tools", session.enable_tools),
        "enable_web": options.get("enable_web", session.enable_web),
        "language": session.language,
        "collections": chosen,
        "limited": bool(chosen) or (collections is None and session.limited),
        **{name: options[name] for name in VOICE_OPTIONS if options.get(name)},
    }
    # Most conversations have no files, so nobody looks for any then.
    return {**settings, "attachments": True} if session.has_attachments else settings


def told_question(text: str, options: dict[str, Any] | None) -> dict[str, Any]:
    """What a retry has to say again of a question.

    Of a spoken one that is its sound: what is understood of it may differ by a word.
    """
    if not options or not options.get("audio"):
        return {"text": text, "options": options}
    kept = {name: value for name, value in options.items() if name != "transcript"}
    return {"text": "", "options": kept}


def told_parent(parent_id: UUID | Latest | None) -> UUID | str | None:
    """What a retry has to say again of the message that a question follows."""
    # Requests that former versions remembered had nothing here for the latest message.
    return None if isinstance(parent_id, Latest) else parent_id or "none"


def told_attachments(ids: Sequence[UUID]) -> dict[str, list[str]]:
    """What a retry has to say again of the files that come with a question, if any do."""
    return {"attachments": list(map(str, ids))} if ids else {}


def check_text(text: str) -> None:
    """Refuse what cannot be stored or would fill every window."""
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(
            "A message has at most %(most)s characters.", attr="text", most=f"{LONGEST_TEXT:,}"
        )
