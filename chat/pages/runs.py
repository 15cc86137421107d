"""Answers in the making: ended early, and decided about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from chat import services
from chat.enums import Decision
from chat.exceptions import ApprovalClosed, RunFinished
from chat.forms import DecisionForm
from chat.models import Run
from chat.pages.conversations import cleaned
from chat.pages.showing import Call, part_context, show_messages
from youworker.core.pages.base import Page, answer_done, answer_redirect, is_htmx

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


def url_of(run: Run) -> str:
    """Where the answer of a run is seen."""
    return f"{reverse('chat-session', args=[run.session_id])}#m-{run.answer_id}"


class StopPage(Page):
    """Ends an answer within a second, in whichever process it is made; the text stays."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Stop it; one that has ended already is shown as it is."""
        run = get_object_or_404(Run.objects.visible_to(self.actor), pk=pk)
        try:
            services.stop_run(run)
        except RunFinished as error:
            if is_htmx(request):
                raise
            messages.info(request, error.in_words())
        if is_htmx(request):
            context = part_context(
                run.session, show_messages([run.answer_id] if run.answer_id else [])
            )
            return render(request, "chat/_messages.html", context)
        return answer_redirect(request, url_of(run))


class DecidePage(Page):
    """What somebody says to a call of a tool that waits for it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID, tool_run_id: UUID) -> HttpResponse:
        """Allow or deny it; the answer goes on in whichever process has room."""
        row = services.find_call(pk, tool_run_id, actor=self.actor)
        run = Run.objects.get(pk=pk)
        # An admin who answers for somebody does not see that one's conversation.
        own = row.user_id == self.actor.pk and not request.POST.get("listed")
        back = url_of(run) if own else reverse("chat-approvals")
        wish = cleaned(DecisionForm(request.POST))
        try:
            row = services.decide_call(run.pk, tool_run_id, **wish, actor=self.actor)
        except ApprovalClosed as error:
            if is_htmx(request):
                raise
            messages.error(request, error.in_words())
            return answer_redirect(request, back)
        if own and is_htmx(request):
            return render(request, "chat/_tool.html", {"call": Call(row), "run": run})
        if own:
            return answer_redirect(request, back)
        # In the list the call is gone, and its answer is not seen.
        is_denied = row.decision == Decision.DENY
        told = _("“%(tool)s” is denied.") if is_denied else _("“%(tool)s” is allowed.")
        return answer_done(request, told % {"tool": Call(row).tool}, back)
