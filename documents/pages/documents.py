"""One document: what it is, changing it, deleting it and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from documents import services
from documents.forms import ChosenForm, DocumentForm, language_name
from documents.kinds import kind_of
from documents.models import Document
from documents.pages.shelves import offer_undo, rows_of, shelf_context
from documents.viewing import content_url, viewer_context
from youworker.core.exceptions import DomainError, NotFound
from youworker.core.pages.base import (
    DialogPage,
    Page,
    answer_done,
    answer_redirect,
    is_htmx,
    own_page,
)
from youworker.core.pages.errors import render_error

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


class DocumentPage(Page):
    """A document at the passage its address names, and what may be done with it."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show it; opening it is written into the audit log."""
        document = visible_document(pk, self.actor)
        services.record_access(document, actor=self.actor)
        context = shelf_context(request, self.actor) | viewer_context(document, request.GET)
        context |= {
            "document": document,
            "collection": rows_of([document], context["shelves"])[0].collection,
            "kind": kind_of(document.mime),
            "language": language_name(document.language) if document.language else "",
            "versions": services.versions_of(document),
        }
        return render(request, "documents/document.html", context)


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


class OriginalPage(Page):
    """The way to the file that was handed in, which storage may have lost."""

    def get(self, request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
        """Lead to the file of a document, or of an older version; say it where there is none."""
        document = visible_document(pk, self.actor)
        version = services.visible_version(pk, number, actor=self.actor) if number else None
        if services.stored_original((version or document).stored_file):
            return HttpResponseRedirect(content_url(document, version))
        detail = _("The file is no longer on the server. What was read of it is still here.")
        heading = _("The original is missing")
        return render_error(request, NotFound.status, detail, heading=heading)


class EditDocumentPage(DialogPage[DocumentForm]):
    """Renames, tags and moves a document."""

    form_class = DocumentForm
    heading = gettext_lazy("Edit document")
    section = "documents"

    def prepare(self, pk: UUID) -> None:
        """Find what is changed, by somebody who may."""
        self.document = visible_document(pk, self.actor)
        services.require_writable(self.document, self.actor)

    def back_url(self) -> str:
        """The document."""
        return reverse("document", args=[self.document.pk])

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form knows the document, and what its reader may do with it."""
        may_move = may_manage(self.document, self.actor)
        known = {"document": self.document, "may_move": may_move, "actor": self.actor}
        return super().get_form_kwargs() | known

    def carry_out(self, form: DocumentForm) -> HttpResponse:
        """Change what was changed."""
        services.update_document(self.document, actor=self.actor, **form.changes())
        url = own_page(self.request, self.request.POST.get("next")) or self.back_url()
        return answer_done(self.request, _("The document was changed."), url)


class DeleteDocumentPage(Page):
    """Puts a document into the trash."""

    http_method_names = ["post"]
    write_limit = "FILE_DELETE"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Hide it, and let it be brought back at once."""
        document = visible_document(pk, self.actor)
        services.delete_document(document, actor=self.actor)
        offer_undo(request, [document.pk])
        back = own_page(request, request.POST.get("next")) or reverse("documents")
        return answer_redirect(request, back)


class RestoreDocumentsPage(Page):
    """Brings documents back out of the trash."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Show them again, and say why one could not be."""
        form = ChosenForm(request.POST)
        chosen = form.cleaned_data["document"] if form.is_valid() else []
        found = Document.all_objects.reachable_by(self.actor).filter(pk__in=chosen)
        refusals, restored = [], 0
        for pk in list(found.values_list("pk", flat=True)):
            try:
                services.restore_document(pk, actor=self.actor)
                restored += 1
            except DomainError as error:
                refusals.append(error.in_words())
        if not restored and not refusals:
            raise NotFound("There is no such document.")
        for refusal in dict.fromkeys(refusals):
            messages.error(request, refusal)
        if restored:
            said = ngettext("%(n)d document is back.", "%(n)d documents are back.", restored)
            messages.success(request, said % {"n": restored})
        trash = f"{reverse('documents')}?{urlencode({'deleted': 1})}"
        return answer_redirect(request, own_page(request, request.POST.get("next")) or trash)


def visible_document(pk: UUID, actor: User) -> Document:
    """A document somebody sees, with what pages show of it; raises `NotFound`."""
    rows = Document.objects.visible_to(actor).with_writable(actor).with_failure()
    found: Document | None = rows.with_relations().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such document.")
    return found


def may_manage(document: Document, actor: User) -> bool:
    """Whether somebody may move and share a document."""
    return bool(Document.objects.managed_by(actor).filter(pk=document.pk).exists())
