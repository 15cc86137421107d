"""The library: which documents there are, narrowed, sorted, in pages; and the trash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from documents.enums import DocumentStatus
from documents.filters import DocumentFilter, without_private
from documents.forms import fillable_collections
from documents.kinds import FileKind
from documents.models import Collection, Document, Tag
from documents.pages.shelves import rows_of, shelf_context
from youworker.core.pages.base import Page, is_htmx

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from documents.managers import DocumentQuerySet

PAGE_SIZE = 50
FILTERS = ("search", "collection", "tag", "status", "kind")
PENDING = (DocumentStatus.PROCESSING, DocumentStatus.SEARCHABLE)
STATUS_NAMES = (
    (DocumentStatus.PROCESSING, _("Being read")),
    (DocumentStatus.SEARCHABLE, _("Searchable by word")),
    (DocumentStatus.READY, _("Ready")),
    (DocumentStatus.FAILED, _("Failed")),
)
ORDERING_NAMES = (
    ("-created_at", _("Newest first")),
    ("created_at", _("Oldest first")),
    ("title", _("Title")),
    ("-size", _("Largest first")),
    ("size", _("Smallest first")),
    ("status", _("Status")),
)


class DocumentsPage(Page):
    """Every document somebody sees, or with `deleted=1` those they may bring back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show a page of the list; htmx gets the list alone."""
        context = shelf_context(request, self.actor)
        context |= list_context(request, self.actor, shelves=context["shelves"])
        if context["in_trash"]:
            context["deleted_shelves"] = deleted_collections(self.actor)
        name = "documents/_results.html" if is_htmx(request) else "documents/library.html"
        return render(request, name, context)


def list_context(
    request: HttpRequest,
    actor: User,
    *,
    shelves: list[Collection],
    collection: Collection | None = None,
) -> dict[str, Any]:
    """A page of the documents that a request asks for, and what it may be narrowed by.

    `shelves` are the collections that `actor` sees.
    """
    documents, in_trash = wanted_documents(request, actor)
    if collection is not None:
        documents = documents.filter(collection=collection)
    page = Paginator(documents, PAGE_SIZE).get_page(request.GET.get("page"))
    tags = request.GET.getlist("tag")
    return {
        "in_trash": in_trash,
        "collection": collection,
        "page_obj": page,
        "rows": rows_of(page, shelves),
        "is_pending": any(document.status in PENDING for document in page),
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "chosen_tags": [tag for tag in dict.fromkeys(tags) if tag],
        "offered_tags": offered_tags(actor, without=tags),
        "statuses": STATUS_NAMES,
        "fillable": fillable_collections(actor),
        "kinds": FileKind.choices,
        "orderings": ORDERING_NAMES,
    }


def wanted_documents(request: HttpRequest, actor: User) -> tuple[DocumentQuerySet, bool]:
    """What fits, in the order asked for, and whether it is the trash; nonsense is left out."""
    rows = without_private(Document.all_objects.reachable_by(actor), request.GET)
    rows = rows.select_related("owner").prefetch_related("tags")
    rows = rows.with_writable(actor).with_failure().newest_first()
    wanted = DocumentFilter(request.GET, queryset=rows, request=request)
    found: DocumentQuerySet = wanted.qs
    return found.order_by(*found.query.order_by, "pk"), bool(
        wanted.form.cleaned_data.get("deleted")
    )


def offered_tags(actor: User, *, without: list[str]) -> list[str]:
    """The labels somebody may narrow the list by, besides those they do already."""
    return [name for name in Tag.objects.offered_to(actor) if name not in without]


def deleted_collections(actor: User) -> list[Collection]:
    """The collections somebody deleted and may bring back."""
    deleted = Collection.all_objects.deleted().filter(owner=actor)
    return list(deleted.with_document_count().order_by("-deleted_at", "pk"))
