"""Repositories of conversations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Prefetch
from django.utils import timezone

from chat.enums import ACTIVE_STATUSES, RunStatus, ToolRunStatus
from youworker.common.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User
    from chat.models import Citation, Message, Run, Session, ToolRun


class SessionQuerySet(SoftDeleteQuerySet["Session"]):
    """Conversations."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own sessions."""
        return self.filter(user=user)

    def archived(self, *, archived: bool = True) -> Self:
        """Limit to sessions that were put away, or to those that were not."""
        return self.filter(archived_at__isnull=not archived)

    def latest_first(self) -> Self:
        """Order by the last activity."""
        return self.order_by("-active_at", "-pk")

    def touch(self, pk: UUID) -> bool:
        """Note activity; false when the session is gone."""
        return bool(self.filter(pk=pk).update(active_at=timezone.now()))


class MessageQuerySet(BaseQuerySet["Message"]):
    """What was said."""

    def visible_to(self, user: User) -> Self:
        """Limit to messages of the user's own, undeleted sessions."""
        return self.filter(session__user=user, session__deleted_at__isnull=True)

    def with_details(self) -> Self:
        """Load citations and tool runs in one query each."""
        from chat.models import Citation, ToolRun  # noqa: PLC0415 -- models import managers

        return self.prefetch_related(
            Prefetch("citations", Citation.objects.order_by("index")),
            Prefetch("tool_runs", ToolRun.objects.oldest_first()),
        )

    def in_order(self) -> Self:
        """Order as it was said; ids are time-ordered."""
        return self.order_by("created_at", "pk")


class RunQuerySet(BaseQuerySet["Run"]):
    """Answers in the making and made."""

    def visible_to(self, user: User) -> Self:
        """Limit to runs of the user's own, undeleted sessions."""
        return self.filter(session__user=user, session__deleted_at__isnull=True)

    def active(self) -> Self:
        """Limit to runs that have not ended."""
        return self.filter(status__in=ACTIVE_STATUSES)

    def stalled(self) -> Self:
        """Limit to active runs whose process has gone silent."""
        return self.active().filter(lease_until__lt=timezone.now())

    def claim(self, pk: UUID, *, seconds: int) -> bool:
        """Move one queued run to running; false when it was stopped or taken before."""
        now = timezone.now()
        changes: dict[str, Any] = {
            "started_at": now,
            "lease_until": now + timedelta(seconds=seconds),
        }
        queued = self.filter(pk=pk, status=RunStatus.QUEUED)
        return bool(queued.update(status=RunStatus.RUNNING, updated_at=now, **changes))

    def renew(self, pks: Iterable[UUID], *, seconds: int) -> int:
        """Extend the leases of active runs; the count of those that still are."""
        until = timezone.now() + timedelta(seconds=seconds)
        return self.active().filter(pk__in=list(pks)).update(lease_until=until)

    def request_stop(self) -> int:
        """Ask the processes that make these answers to end them; how many had not ended."""
        return self.active().update(stop_requested_at=timezone.now())

    def wanted(self) -> Self:
        """Limit to answers whose users are active and did not stop or delete them."""
        return self.filter(
            user__is_active=True, session__deleted_at__isnull=True, stop_requested_at__isnull=True
        )

    def finish(self, pk: UUID, status: RunStatus, **changes: Any) -> bool:
        """End an active run once; false when somebody else ended it before."""
        now = timezone.now()
        active = self.active().filter(pk=pk)
        return bool(active.update(status=status, finished_at=now, updated_at=now, **changes))


class CitationQuerySet(BaseQuerySet["Citation"]):
    """Which passages an answer points to."""


class ToolRunQuerySet(BaseQuerySet["ToolRun"]):
    """Calls of tools."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own calls; staff see all."""
        return self if user.is_staff else self.filter(user=user)

    def unfinished(self, run_id: UUID) -> Self:
        """Limit to the calls of a run that have no end, locked."""
        locked = self.select_for_update(of=("self",))
        return locked.filter(run_id=run_id, status=ToolRunStatus.RUNNING)
