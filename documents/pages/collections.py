"""Collections: what is in one, making, changing, deleting it and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import services
from documents.forms import CollectionForm
from documents.models import Collection
from documents.pages.library import list_context
from documents.pages.shelves import shelf_context
from youworker.core.exceptions import NotFound
from youworker.core.pages.base import DialogPage, Page, answer_done, is_htmx

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
        context |= list_context(
            request, self.actor, shelves=context["shelves"], collection=collection
        )
        context |= {"may_fill": may_fill, "is_own": collection.owner_id == self.actor.pk}
        name = "documents/_results.html" if is_htmx(request) else "documents/collection.html"
        return render(request, name, context)


class AddCollectionPage(DialogPage[CollectionForm]):
    """Makes a collection."""

    form_class = CollectionForm
    heading, submit = gettext_lazy("New collection"), gettext_lazy("Create")
    section = "documents"

    def back_url(self) -> str:
        """The library."""
        return reverse("documents")

    def carry_out(self, form: CollectionForm) -> HttpResponse:
        """Create it and go there."""
        made = services.create_collection(**form.cleaned_data, actor=self.actor)
        url = reverse("collection", args=[made.pk])
        return answer_done(self.request, _("The collection was created."), url)


class EditCollectionPage(DialogPage[CollectionForm]):
    """Renames and describes a collection."""

    form_class = CollectionForm
    heading = gettext_lazy("Edit collection")
    section = "documents"

    def prepare(self, pk: UUID) -> None:
        """Find what is changed; only its owner may."""
        self.collection = own_collection(pk, self.actor)

    def back_url(self) -> str:
        """The collection."""
        return reverse("collection", args=[self.collection.pk])

    def get_initial(self) -> dict[str, Any]:
        """What it is called now."""
        return {"name": self.collection.name, "description": self.collection.description}

    def carry_out(self, form: CollectionForm) -> HttpResponse:
        """Change it."""
        services.update_collection(self.collection, actor=self.actor, **form.cleaned_data)
        return answer_done(self.request, _("The collection was changed."), self.back_url())


class DeleteCollectionPage(Page):
    """Puts a collection into the trash, after a question."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask, and say what happens to the documents."""
        collection = own_collection(pk, self.actor)
        context = {
            "heading": _("Delete “%(name)s”?") % {"name": collection.name},
            "note": _(
                "Your documents in it go to the trash with it; documents of others move to their"
                " own collections. You can bring it back from the trash."
            ),
            "submit": _("Delete collection"),
            "is_danger": True,
            "section": "documents",
            "back": reverse("collection", args=[pk]),
        }
        is_part = is_htmx(request)
        name = DialogPage.partial_name if is_part else DialogPage.template_name
        return render(request, name, context)

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
    found = services.find_collection(pk, actor=actor)
    if found is None:
        raise NotFound("There is no such collection.")
    return found


def own_collection(pk: UUID, actor: User) -> Collection:
    """A collection of somebody's own; raises `NotFound`, or `Forbidden` for one of others."""
    found = visible_collection(pk, actor)
    services.require_owner(found, actor)
    return found
