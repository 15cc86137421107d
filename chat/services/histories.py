"""Questions that come with their whole conversation, as OpenAI's clients send them.

The conversation that was told so far is found again, so that a client who sends everything each
time has one conversation here, with branches where it was answered anew or edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import orjson
from django.db import transaction
from django.utils.crypto import salted_hmac

from chat.enums import UNKEPT, MessageRole, SessionOrigin
from chat.models import Message, Run
from chat.private_files import HandedIn, hand_in_files
from chat.runs import statements
from chat.runs.inputs import LONGEST_HISTORY
from chat.services.attachments import find_attachments
from chat.services.questions import (
    AcceptedMessage,
    check_text,
    find_accepted,
    lock_session,
    run_for,
    store_question,
)
from chat.services.sessions import create_session_rows, title_from
from youworker.core.exceptions import InvalidInput, NotFound
from youworker.core.idempotency import IdempotentWrite, is_answered
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User
    from chat.models import Session
    from chat.private_files import ReceivedFile
    from chat.runs.leases import RunLease
    from chat.runs.statements import Latest

# Of answers to the same questions so many are compared with what the caller was told.
MOST_COMPARED = 5


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something that was said before, as the caller tells it."""

    role: Literal["user", "assistant"]
    text: str


@validate_not_empty("text")
@transaction.atomic
def post_history(
    *,
    text: str,
    history: Sequence[Spoken],
    opening: str = "",
    files: Sequence[HandedIn] = (),
    session: Session | None = None,
    model: str = "",
    idempotency_key: str = "",
    keeps: bool = True,
    lease: RunLease | None = None,
    actor: User,
) -> AcceptedMessage:
    """Store a question with its run, behind what was said before, whoever kept that.

    In a session that is named, else in the one of an earlier question of the same conversation,
    else in a new one, which is called after its `opening`. What nobody `keeps` has a session of
    its own, which is erased soon after the answer. Raises `NotFound` for a session of somebody
    else, and `QuotaExceeded`.
    """
    require_no_session(session, keeps=keeps)
    for said in (*history, Spoken("user", text)):
        check_text(said.text)
    hashes = [file.sha256 for file in files]
    body = body_of(text, history, session, model, hashes, keeps=keeps)
    remembered = IdempotentWrite(idempotency_key, body, actor=actor)
    if remembered.answer is not None:
        return find_accepted(remembered.answer)
    if session is not None:
        session = lock_session(session.pk, actor=actor)
    title = title_from(opening or text)
    session, parent_id = place_for(
        history, session, title=title, model=model, keeps=keeps, actor=actor
    )
    attachments = find_attachments([file.item_id for file in files], actor=actor)
    session.has_attachments |= bool(attachments)
    question = Message(session=session, role=MessageRole.USER, content=text)
    run = run_for(question, model=model, options={}, lease=lease, actor=actor)
    run.thread = thread_of([*history, Spoken("user", text)], actor) if keeps else UNKEPT
    return store_question(run, remembered, parent_id=parent_id, files=attachments)


def read_earlier(run_id: UUID, *, actor: User) -> list[Spoken]:
    """The conversation up to the answer of a run of theirs, as long as one may be.

    Raises `NotFound` for a run of somebody else, and one whose answer is gone.
    """
    run = Run.objects.visible_to(actor).filter(user=actor, pk=run_id).first()
    if run is None or run.answer_id is None:
        raise NotFound("No such answer is kept.")
    rows = statements.read_branch(run.session_id, run.answer_id, most=LONGEST_HISTORY)
    return [
        Spoken("user" if row.role == MessageRole.USER else "assistant", row.content)
        for row in reversed(rows)
    ]


def body_of(
    text: str,
    history: Sequence[Spoken],
    session: Session | None,
    model: str,
    hashes: Sequence[str],
    *,
    keeps: bool,
) -> dict[str, Any]:
    """What a repeated request is known by; its files, by their content."""
    told = [[said.role, said.text] for said in history]
    wanted = None if session is None else str(session.pk)
    body: dict[str, Any] = {"text": text, "history": told, "session": wanted, "model": model}
    body |= {"files": list(hashes)} if hashes else {}
    return body if keeps else body | {"store": False}


def hand_in_once(
    files: Sequence[ReceivedFile],
    *,
    text: str,
    history: Sequence[Spoken],
    session: Session | None,
    model: str,
    idempotency_key: str,
    keeps: bool = True,
    actor: User,
) -> list[HandedIn]:
    """Hand in the files of a question, unless it was asked before: then they are there."""
    require_no_session(session, keeps=keeps)
    hashes = [sha256(file.data).hexdigest() for file in files]
    body = body_of(text, history, session, model, hashes, keeps=keeps)
    if files and is_answered(idempotency_key, body, actor=actor):
        return [HandedIn(UUID(int=0), each) for each in hashes]
    return hand_in_files(files, actor=actor)


def require_no_session(session: Session | None, *, keeps: bool) -> None:
    """Raise `InvalidInput` for an answer that a session shall have, and that shall not be kept."""
    if session is not None and not keeps:
        raise InvalidInput(
            "A session keeps its answers: name none, or leave out store.", attr="store"
        )


def place_for(
    history: Sequence[Spoken],
    session: Session | None,
    *,
    title: str,
    model: str,
    keeps: bool,
    actor: User,
) -> tuple[Session, UUID | Latest | None]:
    """The locked session of a question, and the message it follows there."""
    found = find_last(history, session, actor) if keeps else None
    if found is not None:
        try:
            return session or lock_session(found.session_id, actor=actor), found.pk
        except NotFound:
            # It was removed at this moment.
            session = None
    if session is None:
        session = create_session_rows(
            title=title, model=model, origin=SessionOrigin.OPENAI, actor=actor
        )
    return session, store_history(session, history)


def find_last(history: Sequence[Spoken], session: Session | None, actor: User) -> Message | None:
    """The answer that a conversation ends with, if it was told here word for word."""
    if not history or history[-1].role != "assistant":
        return None
    runs = Run.objects.visible_to(actor).filter(user=actor, thread=thread_of(history, actor))
    if session is not None:
        runs = runs.filter(session=session)
    for run in runs.newest_first()[:MOST_COMPARED]:
        answer = Message(pk=run.answer_id, session_id=run.session_id)
        if run.answer_id is not None and is_told(answer, history):
            return answer
    return None


def is_told(answer: Message, history: Sequence[Spoken]) -> bool:
    """Whether the branch that ends with an answer is what the caller tells."""
    most = min(len(history), LONGEST_HISTORY)
    rows = statements.read_branch(answer.session_id, answer.pk, most=most + 1)
    if len(rows) != most and not (len(rows) > most == LONGEST_HISTORY):
        return False
    newest_first = zip(rows, reversed(history[-most:]), strict=False)
    return all(
        row.role == said.role and row.content.strip() == said.text.strip()
        for row, said in newest_first
    )


def thread_of(history: Sequence[Spoken], actor: User) -> str:
    """What names a conversation by the questions in it, to nobody but us."""
    questions = [said.text.strip() for said in history if said.role == "user"]
    plain = str(actor.pk).encode() + orjson.dumps(questions)
    # Keyed: a plain hash would let readers of the database try out short questions.
    return salted_hmac("chat.thread", plain, algorithm="sha256").hexdigest()


def store_history(session: Session, history: Sequence[Spoken]) -> UUID | None:
    """Keep what was said elsewhere, as much as a model is shown; the id of the last message."""
    last: Message | None = None
    rows: list[Message] = []
    for said in history[-LONGEST_HISTORY:]:
        # What others may have written was perhaps read for an answer that was told elsewhere.
        last = Message(
            session=session,
            role=said.role,
            content=said.text,
            parent=last,
            tainted=said.role == "assistant",
        )
        rows.append(last)
    Message.objects.bulk_create(rows)
    return last.pk if last else None
