"""Folders and websites that collections follow: the list, and what is done with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.services import ensure_default_collection
from ingestion import source_services
from ingestion.enums import SourceState
from ingestion.exceptions import SourceShrunk
from ingestion.models import Source
from ingestion.source_forms import ChangeSourceForm, DeleteSourceForm, SourceForm
from youworker.core.pages.base import ActPage, DialogPage, Page, answer_done

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

SOURCES_ON_A_PAGE = 50


class SourcesPage(Page):
    """Somebody's sources, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show them."""
        own = Source.objects.visible_to(self.actor).select_related("collection").newest_first()
        page = Paginator(own, SOURCES_ON_A_PAGE).get_page(request.GET.get("page"))
        context = {
            "page_obj": page,
            "sources": page.object_list,
            "shrunk": SourceShrunk.code,
            "section": "documents",
        }
        return render(request, "ingestion/sources.html", context)


class AddSourcePage(DialogPage[SourceForm]):
    """Lets a collection follow a place."""

    form_class = SourceForm
    heading, submit = gettext_lazy("Add a source"), gettext_lazy("Add source")
    note = gettext_lazy("New, changed and deleted files follow; what was deleted can be restored.")
    section = "documents"
    write_limit = "FILE_UPLOAD"

    def back_url(self) -> str:
        """The list."""
        return reverse("sources")

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form offers what its reader may fill."""
        return super().get_form_kwargs() | {"actor": self.actor}

    def get_initial(self) -> dict[str, Any]:
        """A website, into the collection somebody comes from."""
        default = ensure_default_collection(self.actor)
        chosen = self.request.GET.get("collection") or default.pk
        return {"kind": "website", "collection": chosen}

    def carry_out(self, form: SourceForm) -> HttpResponse:
        """Create it; it is read at once."""
        values = form.cleaned_data
        values["collection_id"] = values.pop("collection").pk
        source_services.create_source(**values, actor=self.actor)
        return answer_done(self.request, _("The source is being read."), self.back_url())


class OfSource(DialogPage[Any]):
    """A form about one source of somebody's own."""

    section = "documents"

    def prepare(self, pk: UUID) -> None:
        """Find it; any other one is not there."""
        self.source = source_services.visible_source(pk, actor=self.actor)

    def back_url(self) -> str:
        """The list."""
        return reverse("sources")


class EditSourcePage(OfSource):
    """Changes when and how far a source is read."""

    form_class = ChangeSourceForm
    heading = gettext_lazy("Edit source")

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form begins with what is so now."""
        return super().get_form_kwargs() | {"actor": self.actor, "source": self.source}

    def carry_out(self, form: ChangeSourceForm) -> HttpResponse:
        """Change it."""
        source_services.update_source(self.source, **form.cleaned_data, actor=self.actor)
        return answer_done(self.request, _("The source was changed."), self.back_url())


class DeleteSourcePage(OfSource):
    """Forgets a source, after a question about its documents."""

    form_class = DeleteSourceForm
    heading, submit = gettext_lazy("Delete source"), gettext_lazy("Delete source")
    note = gettext_lazy("It is read no more. Its documents stay unless you choose otherwise.")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """A button that warns."""
        return super().get_context_data(is_danger=True, **context)

    def carry_out(self, form: DeleteSourceForm) -> HttpResponse:
        """Delete it."""
        source_services.delete_source(self.source, **form.cleaned_data, actor=self.actor)
        return answer_done(self.request, _("The source was deleted."), self.back_url())


class ActOnSource(ActPage):
    """A button beside a source of somebody's own."""

    back = "sources"

    def prepare(self, pk: UUID) -> None:
        """Find it; any other one is not there."""
        self.source = source_services.visible_source(pk, actor=self.actor)


class SyncSourcePage(ActOnSource):
    """Reads a source now."""

    write_limit = "FILE_UPLOAD"

    def act(self, **ids: Any) -> str:
        """Ask for it; `accept_deletions` is the button for a source of which most is gone."""
        source_services.request_sync(
            self.source,
            accept_deletions="accept_deletions" in self.request.POST,
            actor=self.actor,
        )
        return _("The source is being read.")


class PauseSourcePage(ActOnSource):
    """Lets a source rest, or go on."""

    def act(self, **ids: Any) -> str:
        """The other of the two."""
        is_paused = self.source.state == SourceState.PAUSED
        source_services.update_source(self.source, paused=not is_paused, actor=self.actor)
        return _("The source goes on.") if is_paused else _("The source is paused.")
