"""The chat: a new conversation, an existing one, and the list at their side."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.shortcuts import render
from django.views.generic import TemplateView

from chat import services
from chat.forms import (
    AskForm,
    AttachForm,
    ListForm,
    SaidForm,
    WindowForm,
    is_out_of_reach,
    offered_collections,
    settings_of,
)
from chat.pages.asking import begin_session, continue_session, show_accepted
from chat.pages.beginning import describe_beginning
from chat.pages.listing import find_in_sessions, list_sessions
from chat.pages.showing import TOOL_WORDS, part_context, read_window
from ingestion.services import upload_limits
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput, RateLimited
from youworker.core.pages.base import FormPage, Page, is_htmx
from youworker.core.pages.errors import render_error

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from chat.models import Session
    from chat.pages.listing import SessionList
    from chat.pages.showing import Window

REFUSED = 422
LONGEST_PREFILL = 2000
NEW = {"model": "", "enable_tools": True, "enable_web": True, "collections": []}


def cleaned(form: Form) -> dict[str, Any]:
    """What was asked for in the address; raises `InvalidInput` for nonsense."""
    if not form.is_valid():
        name = next(iter(form.errors))
        raise InvalidInput("What was sent as “%(field)s” cannot be read.", attr=name, field=name)
    return form.cleaned_data


class ChatPage(FormPage[AskForm]):
    """A conversation that has not begun."""

    write_limit = "CHAT_MESSAGE"
    form_class = AskForm
    template_name = "chat/chat.html"
    extra_context = {"section": "chat"}
    session: Session | None = None

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.actor}

    def carry_out(self, form: AskForm) -> HttpResponse:
        """Begin a conversation with its first question."""
        posted = begin_session(form, actor=self.actor)
        return show_accepted(self.request, posted, is_new=True)

    def form_invalid(self, form: AskForm) -> HttpResponse:
        """Say what is wrong; a part of a page gets the reason alone."""
        if is_htmx(self.request):
            reasons = [str(reason) for errors in form.errors.values() for reason in errors]
            return render_error(self.request, REFUSED, " ".join(reasons))
        return super().form_invalid(form)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        models = services.list_models()
        beginning = None if self.session else describe_beginning(self.actor, models)
        return super().get_context_data(
            session=self.session,
            models=models,
            settings=self.shown_settings(),
            collections=self.collections,
            out_of_reach=bool(self.session and is_out_of_reach(self.session, self.collections)),
            key=uuid4(),
            text=self.typed_text(),
            sessions=list_sessions(self.actor),
            beginning=beginning,
            tool_words=TOOL_WORDS,
            titles=config.agent.titles,
            most_files=services.MOST_ATTACHMENTS,
            attached=self.attached_documents(),
            grant_days=config.agent.grant_days,
            **upload_limits(),
            **context,
        )

    @cached_property
    def collections(self) -> list[Any]:
        """Where answers may come from."""
        return list(offered_collections(self.actor))

    def shown_settings(self) -> dict[str, Any]:
        """The settings the composer begins with."""
        return settings_of(self.session) if self.session else NEW

    def attached_documents(self) -> list[dict[str, str]]:
        """The documents that a link puts beside the question, as far as they are there to see."""
        wanted = cleaned(AttachForm(self.request.GET))["attach"]
        return services.attachable_documents(wanted, actor=self.actor)

    def typed_text(self) -> str:
        """What stands in the composer: what was refused, or what a link suggests."""
        return self.request.POST.get("text") or self.request.GET.get("text", "")[:LONGEST_PREFILL]


class SessionPage(ChatPage):
    """A conversation, and the next question in it."""

    def prepare(self, session_id: UUID) -> None:
        """Find the conversation: who has none learns nothing else."""
        self.session = services.own_session(session_id, actor=self.actor)

    def carry_out(self, form: AskForm) -> HttpResponse:
        """Ask the next question."""
        assert self.session is not None  # noqa: S101 -- see `prepare`
        return show_accepted(self.request, continue_session(self.session, form, actor=self.actor))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(window=self.window(), **context)

    def window(self) -> Window:
        """The part of the conversation that the address names."""
        assert self.session is not None  # noqa: S101 -- see `prepare`
        return read_window(self.session, **cleaned(WindowForm(self.request.GET)))


class MessagesPart(Page):
    """Older or newer messages, without anything around them."""

    def get(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """The messages before or after one."""
        session = services.own_session(session_id, actor=self.actor)
        window = read_window(session, **cleaned(WindowForm(request.GET)))
        context = part_context(session, window.shown, window=window)
        return render(request, "chat/_messages.html", context)


class ListPage(Page, TemplateView):
    """The conversations; htmx gets the list alone."""

    extra_context = {"section": "chat"}

    def get_template_names(self) -> list[str]:
        return ["chat/_sessions.html" if is_htmx(self.request) else "chat/list.html"]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(sessions=self.wanted_sessions(), **context)

    def wanted_sessions(self) -> SessionList:
        """The page of the list that the address names, and the first one instead of none."""
        wish = cleaned(ListForm(self.request.GET))
        found = list_sessions(self.actor, **wish)
        # A part is put behind the list, where another first page has no place.
        if found.is_empty and found.page > 1 and not is_htmx(self.request):
            return list_sessions(self.actor, **{**wish, "page": 1})
        return found


class SaidPage(Page):
    """The conversations in which something was said; htmx gets the list alone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Look for the words, or say why not now."""
        wish = cleaned(SaidForm(request.GET))
        context: dict[str, Any] = {"section": "chat", "search": wish["search"]}
        try:
            check_rate_limit("SEARCH", self.actor)
            context["said"] = find_in_sessions(self.actor, **wish)
        except RateLimited as error:
            context["refusal"] = error.in_words()
        part = is_htmx(request)
        return render(request, "chat/_said.html" if part else "chat/said.html", context)
