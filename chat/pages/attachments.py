"""Files of questions on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from chat import services
from chat.forms import AttachableForm
from chat.pages.conversations import cleaned
from chat.pages.messages import url_of
from chat.runs.pictures import stored_image
from documents import services as documents
from youworker.core.exceptions import NotFound
from youworker.core.pages.base import Page, answer_done, is_htmx
from youworker.core.pages.errors import render_error

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


class AttachPage(Page, TemplateView):
    """Documents of the library, to be put beside a question; htmx gets them alone."""

    extra_context = {"section": "chat"}

    def get_template_names(self) -> list[str]:
        return ["chat/_attach.html" if is_htmx(self.request) else "chat/attach.html"]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        search = cleaned(AttachableForm(self.request.GET))["search"]
        found = services.find_attachable(search, actor=self.actor)
        return super().get_context_data(documents=found, search=search, **context)


class AttachablePart(AttachPage):
    """The documents alone."""

    def get_template_names(self) -> list[str]:
        return ["chat/_attachable.html"]


class PicturePage(Page):
    """The way to an attached picture, which storage may have lost."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Lead to the picture; say it where there is none."""
        attachment = services.own_attachment(pk, actor=self.actor)
        _mime, stored = stored_image(attachment, user=self.actor)
        if documents.stored_original(stored):
            return HttpResponseRedirect(reverse("attachment-picture", args=[pk]))
        detail = _("The file is no longer on the server.")
        return render_error(request, NotFound.status, detail, heading=_("The picture is missing"))


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
