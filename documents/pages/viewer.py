"""A document beside a conversation, at the passage that was cited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from documents import services
from documents.pages.documents import visible_document
from documents.viewing import viewer_context
from youworker.core.pages.base import Page, is_htmx

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


class PanelPage(Page):
    """The viewer without its page."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the document; whoever opens the address itself is led to the page."""
        document = visible_document(pk, self.actor)
        if not is_htmx(request):
            url = reverse("document", args=[pk])
            return HttpResponseRedirect(f"{url}?{request.GET.urlencode()}")
        services.record_access(document, actor=self.actor)
        context = {"document": document, **viewer_context(document, request.GET)}
        return render(request, "documents/_panel.html", context)
