"""Repositories of older versions: whoever may read a document may read what it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from documents.managers.library import DocumentQuerySet
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from accounts.models import User
    from documents.models import DocumentVersion, VersionPassage


class DocumentVersionQuerySet(BaseQuerySet["DocumentVersion"]):
    """Older versions of documents."""

    def visible_to(self, user: User) -> Self:
        """Limit to versions of documents the user may read now."""
        documents = self.related_rows("document", DocumentQuerySet)
        return self.filter(document__in=documents.visible_to(user).values("pk"))

    def newest_version_first(self) -> Self:
        """Sort by number, the latest first."""
        return self.order_by("-number")


class VersionPassageQuerySet(BaseQuerySet["VersionPassage"]):
    """Passages of older versions."""

    def visible_to(self, user: User) -> Self:
        """Limit to passages of documents the user may read now."""
        versions = self.related_rows("version", DocumentVersionQuerySet)
        return self.filter(version__in=versions.visible_to(user).values("pk"))

    def cited_as(self, passage_ids: Collection[UUID]) -> Self:
        """Limit to what passages with these ids once said."""
        return self.filter(passage_id__in=passage_ids)
