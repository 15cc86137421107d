"""What people do with a conversation: name it, set it up, put it away, delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat import services
from chat.forms import (
    BranchForm,
    RenameForm,
    SettingsForm,
    is_out_of_reach,
    offered_collections,
    settings_of,
)
from chat.pages.asking import change_settings
from chat.pages.conversations import cleaned
from chat.transcripts import transcript_answer, transcript_of
from youworker.core.pages.base import ActPage, DialogPage, Page, answer_done

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpRequest


class SessionDialog(DialogPage[Any]):
    """A form about a conversation, which leads back to it."""

    section = "chat"

    def prepare(self, session_id: UUID) -> None:
        """Find the conversation."""
        self.session = services.own_session(session_id, actor=self.actor)

    def back_url(self) -> str:
        """The conversation."""
        return reverse("chat-session", args=[self.session.pk])


class RenamePage(SessionDialog):
    """Another title."""

    form_class = RenameForm
    heading = gettext_lazy("Rename the conversation")

    def get_initial(self) -> dict[str, Any]:
        return {"title": self.session.title}

    def carry_out(self, form: Form) -> HttpResponse:
        """Name the conversation."""
        services.update_session(self.session, **form.cleaned_data, actor=self.actor)
        return answer_done(self.request, _("Renamed."), self.back_url())


class SettingsPage(SessionDialog):
    """Model, collections and tools of a conversation."""

    form_class = SettingsForm
    heading = gettext_lazy("Settings of the conversation")

    def get_initial(self) -> dict[str, Any]:
        return settings_of(self.session)

    def get_form_kwargs(self) -> dict[str, Any]:
        models = services.list_models()
        chosen = self.session.model
        if chosen and chosen not in models:
            models = [chosen, *models]
        return {
            **super().get_form_kwargs(),
            "actor": self.actor,
            "models": models,
            "out_of_reach": is_out_of_reach(self.session, offered_collections(self.actor)),
        }

    def carry_out(self, form: SettingsForm) -> HttpResponse:
        """Keep what was chosen; it counts from the next question on."""
        change_settings(self.session, form.wish(), actor=self.actor)
        return answer_done(self.request, _("Settings saved."), self.back_url())


class TranscriptPage(Page):
    """The conversation as a file in Markdown."""

    def get(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """Hand it out."""
        return transcript_answer(services.own_session(session_id, actor=self.actor))


class PrintPage(Page):
    """The conversation as it is printed, or saved as a PDF by what the browser prints with."""

    def get(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """Show it without anything to do in it."""
        session = services.own_session(session_id, actor=self.actor)
        context = {"section": "chat", "session": session, "transcript": transcript_of(session)}
        return render(request, "chat/print.html", context)


class ArchivePage(ActPage):
    """Puts a conversation away, or brings it back to the list."""

    back = "chat"

    def act(self, session_id: UUID) -> str:
        """Archive it, or with `archived=0` the other way round."""
        session = services.own_session(session_id, actor=self.actor)
        archived = self.request.POST.get("archived") != "0"
        services.update_session(session, archived=archived, actor=self.actor)
        return _("Archived.") if archived else _("Back in the list.")


class DeletePage(Page):
    """Hides a conversation; it can be brought back for some days."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """Delete it, and offer to undo that."""
        session = services.own_session(session_id, actor=self.actor)
        services.delete_session(session, actor=self.actor)
        undo = reverse("chat-restore", args=[session_id])
        messages.success(request, _("Conversation deleted."), extra_tags=undo)
        return HttpResponseRedirect(reverse("chat"))


class RestorePage(ActPage):
    """Brings a deleted conversation back."""

    def act(self, session_id: UUID) -> str:
        """Restore it."""
        session = services.own_session(session_id, deleted=True, actor=self.actor)
        services.restore_session(session, actor=self.actor)
        return _("The conversation is back.")

    def back_url(self) -> str:
        """The conversation itself."""
        return reverse("chat-session", args=[self.kwargs["session_id"]])


class BranchPage(Page):
    """Chooses which version of a message is read from now on."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """Keep the choice, and show it."""
        session = services.own_session(session_id, actor=self.actor)
        leaf = cleaned(BranchForm(request.POST))["leaf"]
        services.update_session(session, leaf=leaf, actor=self.actor)
        url = reverse("chat-session", args=[session.pk])
        return HttpResponseRedirect(f"{url}?at={leaf}#m-{leaf}")
