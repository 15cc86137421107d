"""Where somebody is signed in, and what was done with their account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts import services
from accounts.models import SignIn
from accounts.pages.lines import described_lines
from youworker.audit import lines_about
from youworker.core.pages.base import ActPage, Page

if TYPE_CHECKING:
    from uuid import UUID

LINES_ON_A_PAGE = 50


class EndSessionPage(ActPage):
    """Ends one session."""

    back = "account-security"

    def act(self, pk: UUID) -> str:
        row = get_object_or_404(SignIn.objects.visible_to(self.actor), pk=pk)
        if row.session_id == self.request.session.session_key:
            services.sign_out(self.request, actor=self.actor)
            return ""
        services.end_session(row, actor=self.actor)
        return _("That session has ended.")


class EndOthersPage(ActPage):
    """Ends every session but this one."""

    back = "account-security"

    def act(self) -> str:
        here = self.request.session.session_key
        ended = services.end_sessions(self.actor, except_key=here, actor=self.actor)
        return ngettext("%(count)s session has ended.", "%(count)s sessions have ended.", ended) % {
            "count": ended
        }


class ActivityPage(Page, TemplateView):
    """What somebody did and what was done to them, from the audit log."""

    template_name = "accounts/activity.html"
    extra_context = {"section": "account", "tab": "security"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        number = self.request.GET.get("page")
        page = Paginator(lines_about(self.actor), LINES_ON_A_PAGE).get_page(number)
        lines = described_lines(page.object_list, self.actor)
        return super().get_context_data(page_obj=page, lines=lines, **context)
