"""One message, and what people do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from chat import services
from chat.enums import MessageRole
from chat.forms import EditForm, FeedbackForm, RegenerateForm
from chat.models import Message, Summary
from chat.pages.asking import answer_again, ask_again, go_on, show_accepted
from chat.pages.conversations import cleaned
from chat.pages.showing import part_context, show_messages
from youworker.core.exceptions import NotFound
from youworker.core.pages.base import DialogPage, Page, answer_done, is_htmx

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.models import User


def message_of(user: User, pk: UUID) -> Message:
    """A message of the user's; 404 for any other."""
    rows = Message.objects.visible_to(user).select_related("parent", "session").with_details()
    return get_object_or_404(rows, pk=pk)


def url_of(message: Message) -> str:
    """Where a message is seen in its conversation."""
    url = reverse("chat-session", args=[message.session_id])
    return f"{url}?at={message.pk}#m-{message.pk}"


class MessagePart(Page):
    """One message as the chat shows it."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The message alone for a page that has its conversation, else its conversation."""
        message = message_of(self.actor, pk)
        if not is_htmx(request):
            return HttpResponseRedirect(url_of(message))
        context = part_context(message.session, show_messages([message.pk]))
        return render(request, "chat/_messages.html", context)


class ReasoningPage(Page, TemplateView):
    """What the model thought before it spoke; only here it is decrypted."""

    extra_context = {"section": "chat"}

    def get_template_names(self) -> list[str]:
        return ["chat/_reasoning.html" if is_htmx(self.request) else "chat/reasoning.html"]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        message = message_of(self.actor, self.kwargs["pk"])
        return super().get_context_data(message=message, back=url_of(message), **context)


class EditPage(DialogPage[EditForm]):
    """A question in other words; the old one and its answers stay as another version."""

    write_limit = "CHAT_MESSAGE"
    form_class = EditForm
    heading, submit = gettext_lazy("Edit question"), gettext_lazy("Ask")
    note = gettext_lazy(
        "The question is asked again in these words. The former one stays, with its answers,"
        " as another version."
    )
    section = "chat"
    # The new answer is a place on the page that is open, which a redirect would not load anew.
    is_plain = True

    def prepare(self, pk: UUID) -> None:
        """Find the question; 404 for answers, and for what others asked."""
        self.question = message_of(self.actor, pk)
        if self.question.role != MessageRole.USER:
            raise NotFound("Not found.")

    def get_initial(self) -> dict[str, Any]:
        return {"text": self.question.content, "key": uuid4()}

    def carry_out(self, form: EditForm) -> HttpResponse:
        """Ask in the new words."""
        posted = ask_again(self.question, **form.cleaned_data, actor=self.actor)
        return show_accepted(self.request, posted)

    def back_url(self) -> str:
        """The question."""
        return url_of(self.question)


class RegeneratePage(Page):
    """Another answer beside the first one."""

    http_method_names = ["post"]
    write_limit = "CHAT_MESSAGE"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer the same question again, by another model if one is named."""
        message = message_of(self.actor, pk)
        model = cleaned(RegenerateForm(request.POST))["model"]
        posted = answer_again(message, model=model, actor=self.actor)
        return show_accepted(request, posted, with_question=False)


class ContinuePage(Page):
    """The rest of an answer that broke off."""

    http_method_names = ["post"]
    write_limit = "CHAT_MESSAGE"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Go on with the answer, as another version that begins with its text."""
        message = message_of(self.actor, pk)
        model = cleaned(RegenerateForm(request.POST))["model"]
        posted = go_on(message, model=model, actor=self.actor)
        return show_accepted(request, posted, with_question=False)


class SummaryPage(Page, TemplateView):
    """What models read instead of the messages up to one; only here it is decrypted."""

    extra_context = {"section": "chat"}

    def get_template_names(self) -> list[str]:
        return ["chat/_summary.html" if is_htmx(self.request) else "chat/summary.html"]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        message = message_of(self.actor, self.kwargs["pk"])
        summaries = Summary.objects.filter(upto=message).oldest_first()
        return super().get_context_data(summaries=summaries, back=url_of(message), **context)


class FeedbackPage(Page):
    """What somebody thinks of an answer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Note it; htmx gets the buttons as they are now."""
        answer = message_of(self.actor, pk)
        wish = cleaned(FeedbackForm(request.POST))
        # The thumbs change the rating; what keeps it is the button below the comment.
        context = {"message": answer, "is_commented": answer.rating == wish["rating"]}
        services.give_feedback(answer, **wish, actor=self.actor)
        if is_htmx(request):
            return render(request, "chat/_feedback.html", context)
        return answer_done(request, _("Thank you for your feedback."), url_of(answer))
