"""What the tests of the chat's pages share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chat.enums import MessageRole, RunStatus
from chat.tests.factories import MessageFactory, RunFactory

if TYPE_CHECKING:
    from chat.models import Message, Session

ARTICLE = re.compile(r'<article [^>]*id="m-([0-9a-f-]{36})"')


def articles(html: str) -> list[UUID]:
    """The ids of the messages in a page, in order."""
    return [UUID(found) for found in ARTICLE.findall(html)]


def exchange(
    session: Session,
    text: str = "They stream its log.",
    *,
    parent: Message | None = None,
    status: str = RunStatus.SUCCEEDED,
    **of_run: Any,
) -> tuple[Message, Message]:
    """A question and its answer."""
    question = MessageFactory(session=session, parent=parent)
    answer = MessageFactory(
        session=session, role=MessageRole.ASSISTANT, parent=question, content=text
    )
    run = RunFactory(session=session, question=question, answer=answer, status=status, **of_run)
    answer.run = run
    answer.save()
    return question, answer
