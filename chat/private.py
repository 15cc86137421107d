"""What staff read of a conversation with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.enums import PrivateKind
from accounts.services import open_private
from chat.models import Message

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Session


@transaction.atomic
def read_session(session: Session, *, reason: str, actor: User) -> list[tuple[str, str]]:
    """Note who reads a conversation and why, and give its messages; raises `Forbidden`."""
    open_private(
        session,
        kind=PrivateKind.SESSION,
        title=session.title,
        owner=session.user,
        reason=reason,
        actor=actor,
    )
    messages = Message.objects.filter(session=session).oldest_first()
    return [
        (f"{message.role}, {message.created_at:%Y-%m-%d %H:%M} UTC", message.content)
        for message in messages
    ]
