"""Files of questions on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils.translation import gettext as _

from chat import services
from chat.pages.messages import url_of
from youworker.core.pages.base import Page, answer_done, is_htmx

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


class KeepPage(Page):
    """Adds a file of a conversation to its user's library."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Keep it; a part of a page gets the file as it stands now."""
        attachment = services.own_attachment(pk, actor=self.actor)
        kept = services.keep_in_library(attachment, actor=self.actor)
        if is_htmx(request):
            return render(request, "chat/_attachment.html", {"file": kept})
        return answer_done(request, _("It is in your library now."), url_of(attachment.message))
