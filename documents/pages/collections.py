"""Collections: what is in one, making, changing, deleting it and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from documents import services
from documents.forms import CollectionForm
from documents.models import Collection
from documents.pages.library import list_context
from documents.pages.shelves import shelf_context
from youworker.core.exceptions import NotFound
from youworker.core.pages.base import FormPage, Page, answer_done, is_htmx

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


class CollectionPage(Page):
    """The documents of one collection."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show a page of them; htmx gets the list alone."""
        collection = visible_collection(pk, self.actor)
        may_fill = Collection.objects.writable_by(self.actor).filter(pk=pk).exists()
        context = shelf_context(request, self.actor)
        context |= list_context(request, self.actor, collection=collection)
        context |= {"may_fill": may_fill, "is_own": collection.owner_id == self.actor.pk}
        name = "documents/_results.html" if is_htmx(request) else "documents/collection.html"
        return render(request, name, context)


class AddCollectionPage(FormPage[CollectionForm]):
    """Makes a collection."""

    form_class = CollectionForm
    template_name = "documents/form_page.html"
    partial_name = "documents/_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The words around the form."""
        words = {"heading": _("New collection"), "submit": _("Create"), "section": "documents"}
        return super().get_context_data(**words, back=reverse("documents"), **kwargs)

    def carry_out(self, form: CollectionForm) -> HttpResponse:
        """Create it and go there."""
        made = services.create_collection(**form.cleaned_data, actor=self.actor)
        url = reverse("collection", args=[made.pk])
        return answer_done(self.request, _("The collection was created."), url)


class EditCollectionPage(FormPage[CollectionForm]):
    """Renames and describes a collection."""

    form_class = CollectionForm
    template_name = "documents/form_page.html"
    partial_name = "documents/_form.html"

    @cached_property
    def collection(self) -> Collection:
        """What is changed; only its owner may."""
        return own_collection(self.kwargs["pk"], self.actor)

    def get_initial(self) -> dict[str, Any]:
        """What it is called now."""
        return {"name": self.collection.name, "description": self.collection.description}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The words around the form."""
        words = {"heading": _("Edit collection"), "submit": _("Save"), "section": "documents"}
        back = reverse("collection", args=[self.collection.pk])
        return super().get_context_data(**words, back=back, **kwargs)

    def carry_out(self, form: CollectionForm) -> HttpResponse:
        """Change it."""
        services.update_collection(self.collection, actor=self.actor, **form.cleaned_data)
        url = reverse("collection", args=[self.collection.pk])
        return answer_done(self.request, _("The collection was changed."), url)


class DeleteCollectionPage(Page):
    """Puts a collection into the trash, after a question."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask, and say what happens to the documents."""
        collection = own_collection(pk, self.actor)
        context = {"collection": collection, "section": "documents"}
        name = "documents/_delete_collection.html"
        return render(request, name if is_htmx(request) else "documents/ask_page.html", context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Hide it with what its owner has in it."""
        services.delete_collection(own_collection(pk, self.actor), actor=self.actor)
        said = _("The collection is in the trash.")
        return answer_done(request, said, f"{reverse('documents')}?{urlencode({'deleted': 1})}")


class RestoreCollectionPage(Page):
    """Brings a collection back out of the trash."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show it again with its documents."""
        restored = services.restore_collection(pk, actor=self.actor)
        url = reverse("collection", args=[restored.pk])
        return answer_done(request, _("The collection is back."), url)


def visible_collection(pk: UUID, actor: User) -> Collection:
    """A collection somebody sees; raises `NotFound`."""
    rows = Collection.objects.visible_to(actor).with_document_count().select_related("owner")
    found: Collection | None = rows.prefetch_related("shares").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such collection.")
    return found


def own_collection(pk: UUID, actor: User) -> Collection:
    """A collection of somebody's own; raises `NotFound`, or `Forbidden` for one of others."""
    found = visible_collection(pk, actor)
    services.require_owner(found, actor)
    return found
