"""Questions that nobody waits for: behind everybody who does, by tools that only read, not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from chat.enums import UNKEPT, MessageRole, SessionOrigin
from chat.exceptions import NoRoom
from chat.llm.admission import KEPT_FREE
from chat.llm.registry import endpoint_of
from chat.models import Message, Session
from chat.runs.inputs import READS_ONLY
from chat.runs.queue import may_begin
from chat.services.questions import (
    AcceptedMessage,
    check_text,
    lock_session,
    run_for,
    store_question,
)
from chat.services.sessions import set_collections, title_from
from documents.models import Collection
from youworker.core.idempotency import IdempotentWrite

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from chat.runs.leases import RunLease


@transaction.atomic
def post_behind(
    text: str,
    *,
    session_id: UUID | None = None,
    collection: Collection | None = None,
    model: str = "",
    lease: RunLease | None,
    actor: User,
) -> AcceptedMessage:
    """Store a question with its run, which begins at once under `lease`.

    In a conversation of earlier ones, or in a new one limited to a `collection`; it is erased
    soon after its last answer. Raises `NoRoom` while people need the model's server,
    `QuotaExceeded`, and `NotFound` when the conversation is gone.
    """
    check_text(text)
    if lease is None or not may_begin(endpoint_of(model), kept_free=KEPT_FREE):
        raise NoRoom("The model's server has no room for what nobody waits for.")
    session = (
        lock_session(session_id, actor=actor)
        if session_id
        else begin_unkept(text, collection, model, actor)
    )
    question = Message(session=session, role=MessageRole.USER, content=text)
    run = run_for(question, model=model, options={}, lease=lease, actor=actor)
    run.options[READS_ONLY] = True
    run.thread = UNKEPT
    return store_question(run, IdempotentWrite("", {}, actor=actor))


def begin_unkept(text: str, collection: Collection | None, model: str, actor: User) -> Session:
    """Begin a conversation that is in no list; the caller holds the transaction."""
    session = Session.objects.create(
        user=actor,
        title=title_from(text),
        model=model,
        enable_web=False,
        # Lists of programs' conversations leave out what nobody wants kept.
        origin=SessionOrigin.OPENAI,
        # Also where the actor may not read the collection: then nothing is found.
        limited=collection is not None,
    )
    shelves = Collection.objects.visible_to(actor).filter(
        pk__in=[collection.pk] if collection else []
    )
    session.collection_ids = []
    if ids := list(shelves.values_list("pk", flat=True)):
        set_collections(session, ids, actor=actor)
        session.collection_ids = ids
    return session
