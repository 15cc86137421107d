"""What people do with answers; making one is `chat.runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from chat.enums import MessageRole
from chat.exceptions import RunFinished
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Message, Run


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
