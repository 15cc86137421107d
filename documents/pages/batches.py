"""One act on several documents of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import ngettext

from documents import services
from documents.forms import BatchForm
from documents.models import Document
from documents.pages.shelves import offer_undo
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.core.pages.base import Page, answer_redirect, own_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class BatchPage(Page):
    """Deletes, tags or moves the chosen documents, as far as somebody may."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it, and say how many were done and how many may not be changed."""
        form = BatchForm(request.POST, actor=self.actor)
        back = own_page(request, request.POST.get("next")) or reverse("documents")
        if not form.is_valid():
            for errors in form.errors.values():
                messages.error(request, str(errors[0]))
            return answer_redirect(request, back)
        if form.cleaned_data["act"] == "delete":
            check_rate_limit("FILE_DELETE", self.actor)
        done, refused = self.act_on_each(form)
        self.tell(form.cleaned_data["act"], done, refused)
        return answer_redirect(request, back)

    def act_on_each(self, form: BatchForm) -> tuple[list[Document], int]:
        """The documents that were changed, and how many may not be."""
        chosen = form.cleaned_data["document"]
        visible = Document.objects.visible_to(self.actor).filter(pk__in=chosen)
        done: list[Document] = []
        for document in visible.prefetch_related("tags"):
            try:
                self.act_on(document, form)
                done.append(document)
            except (Forbidden, NotFound, InvalidInput):
                continue
        return done, len(chosen) - len(done)

    def act_on(self, document: Document, form: BatchForm) -> None:
        """Change one document."""
        wanted = form.cleaned_data
        if wanted["act"] == "delete":
            services.delete_document(document, actor=self.actor)
        elif wanted["act"] == "move":
            target = wanted["collection"].pk
            services.update_document(document, collection_id=target, actor=self.actor)
        else:
            tags = [*(tag.name for tag in document.tags.all()), *wanted["tags"]]
            services.update_document(document, tags=tags, actor=self.actor)

    def tell(self, act: str, done: list[Document], refused: int) -> None:
        """Say what happened."""
        if done and act == "delete":
            offer_undo(self.request, [document.pk for document in done])
        elif done:
            said = ngettext(
                "%(n)d document was changed.", "%(n)d documents were changed.", len(done)
            )
            messages.success(self.request, said % {"n": len(done)})
        if refused:
            said = ngettext(
                "You may not change %(n)d document.", "You may not change %(n)d documents.", refused
            )
            messages.error(self.request, said % {"n": refused})
