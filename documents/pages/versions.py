"""Older versions of a document on its page: restoring and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from documents import services
from documents.pages.documents import visible_document
from youworker.core.pages.base import ActPage

if TYPE_CHECKING:
    from uuid import UUID


class VersionPage(ActPage):
    """An act on one older version of a document that somebody sees."""

    def prepare(self, pk: UUID, number: int) -> None:
        """Find it; raises `NotFound`."""
        self.document = visible_document(pk, self.actor)
        self.number = services.visible_version(pk, number, actor=self.actor).number

    def back_url(self) -> str:
        """The document as it is now."""
        return reverse("document", args=[self.document.pk])


class RestoreVersionPage(VersionPage):
    """Makes an older version the newest."""

    def act(self, *args: Any, **ids: Any) -> str:
        """Restore it; what was shown becomes an older version."""
        services.restore_version(self.document, self.number, actor=self.actor)
        return _("The older version is the newest again.")


class DeleteVersionPage(VersionPage):
    """Removes an older version."""

    write_limit = "FILE_DELETE"

    def act(self, *args: Any, **ids: Any) -> str:
        """Remove it for good."""
        services.delete_version(self.document, self.number, actor=self.actor)
        return _("The older version was removed.")
