"""Whose use is limited, and to how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groups.models import Membership
from quotas.enums import SubjectKind

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from quotas.enums import QuotaKind


@dataclass(frozen=True, slots=True)
class QuotaSubject:
    """Whose use is added up: one user's, a group's members' together, or one key's."""

    kind: SubjectKind
    id: UUID
    name: str

    @classmethod
    def of_user(cls, user: User) -> QuotaSubject:
        """A user as a subject."""
        return cls(SubjectKind.USER, user.pk, user.username)

    def user_ids(self) -> Any:
        """The ids of the users whose use counts; for a key nobody's as such."""
        if self.kind == SubjectKind.GROUP:
            return Membership.objects.filter(group_id=self.id).values("user_id")
        return [self.id] if self.kind == SubjectKind.USER else []

    @property
    def key_id(self) -> UUID | None:
        """The key whose use counts."""
        return self.id if self.kind == SubjectKind.API_KEY else None


@dataclass(frozen=True, slots=True)
class QuotaLimit:
    """The most a subject may use of something."""

    kind: QuotaKind
    subject: QuotaSubject
    most: int
