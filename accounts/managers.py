"""Repositories of users, keys and sessions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Least
from django.utils import timezone

from youworker.common.managers import BaseQuerySet

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import ApiKey, PrivateAccess, SignIn, TokenUsage, User


class UserManager(DjangoUserManager["User"]):
    """Creates users; reads beyond that are a plain queryset."""

    def root(self) -> User | None:
        """The first superuser that was ever made."""
        found = self.filter(is_superuser=True, is_active=True).order_by("date_joined")
        return found.first()

    def found_by(self, text: str) -> QuerySet[User]:
        """Active people whose name contains `text`, in the order of their names."""
        named = Q(username__icontains=text) | Q(display_name__icontains=text)
        return self.people().filter(named, is_active=True).order_by("username")

    def people(self) -> QuerySet[User]:
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


class TokenUsageQuerySet(QuerySet["TokenUsage"]):
    """Tokens by day."""

    def since(self, day: date) -> Self:
        """Limit to a day and those after it."""
        return self.filter(day__gte=day)

    def total(self) -> int:
        """Tokens read and written."""
        found = self.aggregate(total=Sum(F("tokens_in") + F("tokens_out")))["total"]
        return int(found or 0)


class PrivateAccessQuerySet(BaseQuerySet["PrivateAccess"]):
    """Times that staff opened something private."""

    def visible_to(self, user: User) -> Self:
        """Limit to what was opened of the user's own."""
        return self.filter(owner=user)
