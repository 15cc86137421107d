"""Keeping what a search found as the right answer to it, for staff who measure searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from documents import services
from documents.pages.documents import visible_document
from youworker.core.exceptions import NotFound
from youworker.core.pages.base import ActPage

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


def may_keep_answers(user: User) -> bool:
    """Whether somebody writes golden questions."""
    return user.is_staff and user.has_perm("documents.add_goldenquestion")


class KeepAnswerPage(ActPage):
    """Keeps a document as a right answer to what was searched for."""

    back = "search"

    def prepare(self, pk: UUID) -> None:
        """Find the document; raises `NotFound`, also for those who write no golden questions."""
        if not may_keep_answers(self.actor):
            raise NotFound("There is no such page.")
        self.document = visible_document(pk, self.actor)

    def act(self, *args: Any, **ids: Any) -> str:
        """Keep it; once more changes nothing."""
        question = self.request.POST.get("question", "")
        is_new = services.keep_answer(question, self.document, actor=self.actor)
        return _("Kept as a right answer.") if is_new else _("This was kept already.")
