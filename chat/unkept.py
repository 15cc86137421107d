"""Conversations of answers that their askers want nothing kept of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models.functions import Now

from chat.deletion import remove_sessions
from chat.enums import UNKEPT
from chat.models import Run, Session
from groups.models import LegalHold

if TYPE_CHECKING:
    from chat.managers import SessionQuerySet

# So long after its end whoever lost their connection reads an answer again.
KEPT_SECONDS = 60


def unkept_sessions() -> SessionQuerySet:
    """Those whose answers ended a while ago; held users' stay."""
    ended = Run.objects.filter(
        thread=UNKEPT, finished_at__lte=Now() - timedelta(seconds=KEPT_SECONDS)
    )
    rows: SessionQuerySet = Session.all_objects.filter(pk__in=ended.values("session_id")).unkept()
    return rows.exclude(user_id__in=LegalHold.objects.held_users())


def erase_unkept() -> int:
    """Remove for good what nobody wants kept; how many conversations went."""
    return remove_sessions(unkept_sessions())["sessions_deleted"]
