"""Who may read a document or a collection, why, and changing it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.paginator import Paginator
from django.urls import reverse

from documents import services
from documents.enums import Access
from documents.forms import AccessForm, ShareForm
from documents.models import Collection
from documents.pages.collections import visible_collection
from documents.pages.documents import may_manage, visible_document
from groups.models import Group
from youworker.core.exceptions import Forbidden, InvalidInput
from youworker.core.pages.base import FormPage, answer_redirect, is_htmx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from documents.models import CollectionShare, Document, DocumentShare
    from documents.types import AccessReason

PEOPLE_ON_A_PAGE = 50


class SharingPage(FormPage[ShareForm]):
    """The groups that use something, and who sees it for which reason.

    POST lets a group in, or with `remove` out again.
    """

    form_class = ShareForm
    template_name = "documents/sharing.html"
    partial_name = "documents/_sharing.html"
    with_access = False

    @abstractmethod
    def prepare(self, pk: UUID) -> None:
        """Keep what is shared as `thing`, and whether its shares may be changed as `may_share`."""

    @abstractmethod
    def shares(self) -> Iterable[CollectionShare | DocumentShare]:
        """The shares with living groups, by the name of the group."""

    @abstractmethod
    def people(self) -> QuerySet[User]:
        """Who sees it, as far as the reader may know."""

    @abstractmethod
    def reasons(self, people: Iterable[User]) -> Mapping[UUID, list[AccessReason]]:
        """Why each of them does."""

    @abstractmethod
    def change(self, group_id: UUID, access: str | None) -> None:
        """Let a group in, or out without `access`."""

    thing: Document | Collection
    may_share: bool

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let a group in or out."""
        if not self.may_share:
            raise Forbidden("Only the owner may change who sees this.")
        if "remove" in request.POST:
            self.change(group_id_of(request.POST["remove"]), None)
            return self.answer_changed()
        if "change" in request.POST and self.with_access:
            form = AccessForm(request.POST)
            if not form.is_valid():
                raise InvalidInput("There is no such access.", attr="access")
            self.change(form.cleaned_data["change"], form.cleaned_data["access"])
            return self.answer_changed()
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """The groups of the reader that do not use it yet."""
        used = [share.group_id for share in self.shares()]
        groups = Group.objects.visible_to(self.actor).exclude(pk__in=used).order_by("name", "pk")
        return super().get_form_kwargs() | {"groups": groups, "with_access": self.with_access}

    def carry_out(self, form: ShareForm) -> HttpResponse:
        """Let the chosen group in."""
        self.change(form.cleaned_data["group"].pk, form.cleaned_data.get("access", Access.READ))
        return self.answer_changed()

    def answer_changed(self) -> HttpResponse:
        """Show what is true now; without a dialog by loading the page."""
        if not is_htmx(self.request):
            return answer_redirect(self.request, self.request.path)
        self.prepare(self.kwargs["pk"])
        form = ShareForm(groups=self.get_form_kwargs()["groups"], with_access=self.with_access)
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What is shared, with whom, and who sees it why."""
        page = Paginator(self.people(), PEOPLE_ON_A_PAGE).get_page(self.request.GET.get("page"))
        reasons = self.reasons(page.object_list)
        return super().get_context_data(
            thing=self.thing,
            may_share=self.may_share,
            shares=list(self.shares()),
            with_access=self.with_access,
            page_obj=page,
            access_list=[(person, reasons[person.pk]) for person in page.object_list],
            section="documents",
            **kwargs,
        )


class DocumentSharingPage(SharingPage):
    """Who may read one document."""

    def prepare(self, pk: UUID) -> None:
        self.thing = self.document = visible_document(pk, self.actor)
        self.may_share = may_manage(self.document, self.actor)

    def shares(self) -> Iterable[DocumentShare]:
        return (
            self.document.shares.of_living_groups().select_related("group").order_by("group__name")
        )

    def people(self) -> QuerySet[User]:
        return services.users_shown(self.document, actor=self.actor)

    def reasons(self, people: Iterable[User]) -> Mapping[UUID, list[AccessReason]]:
        return services.access_reasons(self.document, people)

    def change(self, group_id: UUID, access: str | None) -> None:
        services.change_document_share(
            self.document, group_id, shared=access is not None, actor=self.actor
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The collection may be shared, too."""
        collection = services.find_collection(self.document.collection_id, actor=self.actor)
        back = reverse("document", args=[self.document.pk])
        return super().get_context_data(
            document=self.document, collection=collection, back=back, **kwargs
        )


class CollectionSharingPage(SharingPage):
    """Who may read or fill a collection."""

    with_access = True

    def prepare(self, pk: UUID) -> None:
        self.thing = self.shelf = visible_collection(pk, self.actor)
        self.may_share = self.shelf.owner_id == self.actor.pk

    def shares(self) -> Iterable[CollectionShare]:
        return self.shelf.shares.of_living_groups().select_related("group").order_by("group__name")

    def people(self) -> QuerySet[User]:
        everybody = services.users_with_collection_access(self.shelf)
        may_fill = Collection.objects.writable_by(self.actor).filter(pk=self.shelf.pk).exists()
        return everybody if may_fill else everybody.filter(pk=self.actor.pk)

    def reasons(self, people: Iterable[User]) -> Mapping[UUID, list[AccessReason]]:
        return services.collection_access_reasons(self.shelf, people)

    def change(self, group_id: UUID, access: str | None) -> None:
        services.change_collection_share(self.shelf, group_id, access, actor=self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Where the dialog was opened."""
        back = reverse("collection", args=[self.shelf.pk])
        return super().get_context_data(back=back, **kwargs)


def group_id_of(text: str) -> UUID:
    """The id of a group as a form has it; raises `InvalidInput`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput("There is no such group.", attr="group") from error
