"""Repositories of users, keys and sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from accounts.enums import ErasureStatus, ExportStatus
from youworker.core.leases import LeasedQuerySet, lease_end, new_lease
from youworker.core.managers import BaseQuerySet
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from accounts.models import (
        ApiKey,
        Authenticator,
        DataExport,
        Erasure,
        LinkedIdentity,
        PrivateAccess,
        SignIn,
        User,
        WorkerTask,
    )

WorkerTaskT_co = TypeVar("WorkerTaskT_co", bound="WorkerTask", covariant=True)


class UserManager(DjangoUserManager["User"]):
    """Creates users; reads beyond that are a plain queryset."""

    def superuser(self) -> User | None:
        """The first superuser that was ever made."""
        found = self.filter(is_superuser=True, is_active=True).order_by("date_joined")
        return found.first()

    def found_by(self, text: str) -> QuerySet[User]:
        """Active people whose name contains `text`, in the order of their names."""
        named = Q(username__icontains=text) | Q(display_name__icontains=text)
        return self.humans().filter(named, is_active=True).order_by("username")

    def humans(self) -> QuerySet[User]:
        """Users that are not service accounts."""
        return self.filter(service_account__isnull=True)


class ApiKeyQuerySet(BaseQuerySet["ApiKey"]):
    """Keys, of which the database only has hashes."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own keys."""
        return self.filter(user=user)

    def unended(self) -> Self:
        """Limit to keys that are neither revoked nor expired."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at__isnull=True)

    def usable(self) -> Self:
        """Limit to keys that have not ended, of active users."""
        return self.unended().filter(user__is_active=True)

    def retire(self, pk: Any, *, end: datetime) -> bool:
        """Let a key end in favour of its successor, once; false when somebody was first."""
        # Without a join, which would be read from the past while another rotation commits.
        live = self.unended().filter(pk=pk, rotated_at__isnull=True)
        # LEAST ignores nulls: a key is never lengthened.
        return bool(live.update(rotated_at=timezone.now(), expires_at=Least("expires_at", end)))

    def touch(self, pk: Any) -> bool:
        """Note the use of a key, at most once a minute."""
        now = timezone.now()
        minute_ago = now - timedelta(minutes=1)
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=minute_ago)
        return bool(self.filter(stale, pk=pk).update(last_used_at=now))


class SignInQuerySet(BaseQuerySet["SignIn"]):
    """Sessions that were begun."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own sessions."""
        return self.filter(user=user)

    def live(self) -> Self:
        """Limit to sessions that have not expired."""
        return self.filter(session__expire_date__gt=timezone.now())

    def touch(self, pk: Any) -> bool:
        """Note the use of a session, at most once a minute."""
        now = timezone.now()
        return bool(
            self.filter(pk=pk, last_seen_at__lt=now - timedelta(minutes=1)).update(last_seen_at=now)
        )


class AuthenticatorQuerySet(BaseQuerySet["Authenticator"]):
    """Second factors."""

    def owned_by(self, user: User) -> Self:
        """Limit to those of a user."""
        return self.filter(user=user)

    def use_step(self, pk: Any, step: int) -> bool:
        """Use up a step of an app's clock and all before it; false when it was used."""
        now = timezone.now()
        fresh = self.filter(pk=pk, last_step__lt=step)
        return bool(fresh.update(last_step=step, last_used_at=now, updated_at=now))


class LinkedIdentityQuerySet(BaseQuerySet["LinkedIdentity"]):
    """Users' names elsewhere."""


class PrivateAccessQuerySet(BaseQuerySet["PrivateAccess"]):
    """Times that staff opened something private."""

    def visible_to(self, user: User) -> Self:
        """Limit to what was opened of the user's own."""
        return self.filter(owner=user)

    def made_since(self, moment: datetime) -> Self:
        """Limit to what was opened at a moment or later."""
        return self.filter(created_at__gte=moment)


class WorkerTaskQuerySet(LeasedQuerySet[WorkerTaskT_co]):
    """Work that one worker at a time holds; a worker that dies loses it when its lease ends."""

    def waiting(self) -> Self:
        """Limit to what nobody holds and whose pause, if any, is over."""
        return self.due().filter(status="queued")

    def claimable(self) -> Self:
        """Limit to what waits, or was held by somebody who was silent at two looks."""
        return self.waiting() | self.filter(status="running").lost()

    def claim(self, *, seconds: int) -> WorkerTaskT_co | None:
        """Take the oldest task that is due; none when there is none."""
        self.filter(status="running").suspect_expired()
        for pk in self.claimable().order_by("lease_until", "pk").values_list("pk", flat=True)[:8]:
            lease = new_lease(new_token(), seconds)
            taken = (
                self.claimable()
                .filter(pk=pk)
                .update(
                    status="running", attempts=F("attempts") + 1, updated_at=timezone.now(), **lease
                )
            )
            if taken:
                return self.get(pk=pk)
        return None

    def holding(self, token: UUID | None) -> Self:
        """Limit to what this lease still holds."""
        return self.held(token).filter(status="running")

    def requeue(self, token: UUID | None, *, pause: int, error_code: str) -> bool:
        """Give a task back, to be tried again after a pause in seconds."""
        return self.end(
            token, "queued", finished_at=None, lease_until=lease_end(pause), error_code=error_code
        )

    def end(self, token: UUID | None, status: str, **changes: Any) -> bool:
        """Leave the running state once; false when somebody else holds the task."""
        now = timezone.now()
        given: dict[str, Any] = {"finished_at": now, "error_code": "", **changes}
        row = self.holding(token)
        return bool(row.update(status=status, lease_token=None, updated_at=now, **given))


class ExportQuerySet(WorkerTaskQuerySet["DataExport"]):
    """Copies of people's data."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own."""
        return self.filter(user=user)

    def downloadable(self) -> Self:
        """Limit to those whose file is there and may be fetched."""
        return self.filter(status=ExportStatus.READY, expires_at__gt=timezone.now())

    def outdated(self) -> Self:
        """Limit to those whose file has to go."""
        return self.filter(status=ExportStatus.READY, expires_at__lte=timezone.now())

    def unfinished(self) -> Self:
        """Limit to those that are still to come."""
        return self.filter(status__in=(ExportStatus.QUEUED, ExportStatus.RUNNING))


class ErasureQuerySet(WorkerTaskQuerySet["Erasure"]):
    """Removals of users."""

    def waiting_for_hold(self) -> Self:
        """Limit to those that a legal hold keeps from starting."""
        return self.filter(status=ErasureStatus.HELD)

    def unfinished(self) -> Self:
        """Limit to users who are not gone yet."""
        return self.exclude(status=ErasureStatus.DONE)
