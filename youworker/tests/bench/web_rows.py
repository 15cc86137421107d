"""Much for pages to show; runs inside the measured installation."""

from __future__ import annotations

import json

from accounts.models import User
from chat.enums import MessageRole
from chat.models import Message, Session
from documents.enums import DocumentStatus
from documents.models import Document
from documents.services import ensure_default_collection
from youworker.tests.support.model_server.turns import MARKDOWN

MESSAGES, DOCUMENTS = 2_000, 10_000
BATCH = 1_000


def fill(username: str) -> str:
    """Give somebody a long conversation and a large library; what they are called, as JSON."""
    user = User.objects.get(username=username)
    session = Session.objects.create(user=user, title="A long conversation")
    write_messages(session)
    write_documents(user)
    return json.dumps({"session": str(session.pk)})


def write_messages(session: Session) -> None:
    """Write questions and answers in turn, each the reply to the one before."""
    rows: list[Message] = []
    for number in range(MESSAGES):
        is_answer = number % 2 == 1
        rows.append(
            Message(
                session=session,
                parent=rows[-1] if rows else None,
                role=MessageRole.ASSISTANT if is_answer else MessageRole.USER,
                content=MARKDOWN if is_answer else f"What about the standby number {number}?",
            )
        )
    Message.objects.bulk_create(rows, batch_size=BATCH)


def write_documents(user: User) -> None:
    """Write documents that are ready, without their passages."""
    shelf = ensure_default_collection(user)
    Document.objects.bulk_create(
        (
            Document(
                owner=user,
                collection=shelf,
                title=f"Document {number}",
                uri=f"/bench/{number}",
                mime="text/plain",
                size=20_000,
                sha256=f"{number:064x}",
                path_hash=f"{number:064x}",
                status=DocumentStatus.READY,
                passage_count=10,
            )
            for number in range(DOCUMENTS)
        ),
        batch_size=BATCH,
    )
