"""Repositories of what came along with questions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db.models.functions import Now

from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from chat.models import Attachment, SessionCollection


class AttachmentQuerySet(BaseQuerySet["Attachment"]):
    """Files that were sent with questions."""

    def visible_to(self, user: User) -> Self:
        """Limit to those of the user's own, undeleted conversations."""
        return self.filter(session__user=user, session__deleted_at__isnull=True)

    def in_order(self) -> Self:
        """Sort as they were sent."""
        return self.order_by("created_at", "position", "pk")

    def with_files(self) -> Self:
        """Load what became of the files."""
        return self.select_related("document", "item")


class SessionCollectionQuerySet(BaseQuerySet["SessionCollection"]):
    """The private collections of conversations."""

    def of_session(self, session_id: UUID) -> Self:
        """Limit to those of one conversation, the first one first."""
        return self.filter(session=session_id).order_by("created_at", "pk")

    def unclaimed(self) -> Self:
        """Limit to those whose question was not asked yet."""
        return self.filter(session__isnull=True)

    def abandoned(self, days: int) -> Self:
        """Limit to those whose question was not asked within so many days."""
        return self.unclaimed().filter(created_at__lt=Now() - timedelta(days=days))
