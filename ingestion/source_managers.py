"""Repositories of sources and of web servers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from ingestion.enums import SourceState
from youworker.core.leases import RELEASED, LeasedQuerySet, lease_end, new_lease
from youworker.core.managers import BaseQuerySet
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from ingestion.source_models import Source, SourceEntry, WebHost, WebPage


class SourceQuerySet(LeasedQuerySet["Source"]):
    """Sources."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own."""
        return self.filter(owner=user)

    def to_be_read(self) -> Self:
        """Limit to those whose time has come and that nobody reads."""
        return self.resting().filter(next_sync_at__lte=Now())

    def resting(self) -> Self:
        """Limit to those that may be read: not paused, and not being read."""
        return self.filter(state__in=(SourceState.IDLE, SourceState.FAILED))

    def syncing(self) -> Self:
        """Limit to those that are being read."""
        return self.filter(state=SourceState.SYNCING)


class SourceEntryQuerySet(BaseQuerySet["SourceEntry"]):
    """What sources held."""


class WebPageQuerySet(models.QuerySet["WebPage"]):
    """Web pages."""


class WebHostQuerySet(LeasedQuerySet["WebHost"]):
    """Web servers."""

    def claim(self, host: str, *, seconds: float) -> UUID | None:
        """The right to ask a server for so many seconds; none while somebody else has it.

        It is not renewed, so who takes longer loses it.
        """
        self.bulk_create([self.model(host=host)], ignore_conflicts=True)
        token = new_token()
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=Now())
        claimed = self.filter(free, host=host).update(**new_lease(token, seconds))
        return token if claimed else None

    def pause_of(self, host: str) -> float:
        """For how many seconds a server is left alone; 0 also while somebody asks it."""
        left = ExpressionWrapper(F("lease_until") - Now(), DurationField())
        resting = self.filter(host=host, lease_token__isnull=True, lease_until__isnull=False)
        found = resting.annotate(left=left).values_list("left", flat=True).first()
        return max(found.total_seconds(), 0.0) if found is not None else 0.0

    def give_back(self, token: UUID, *, pause: float) -> None:
        """End a claim; the server is left alone for so many seconds."""
        changes = RELEASED | ({"lease_until": lease_end(pause)} if pause > 0 else {})
        self.held(token).update(**changes)

    def unused(self, days: int) -> Self:
        """Limit to servers nobody asked for days."""
        return self.filter(robots_read_at__lt=Now() - timedelta(days=days))
