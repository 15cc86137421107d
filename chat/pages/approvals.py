"""Calls that wait for somebody, wherever they were asked, and what was allowed beyond one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from chat import approvals, grants
from chat.models import ToolGrant
from chat.pages.showing import Call
from youworker.core.pages.base import ActPage, Page

if TYPE_CHECKING:
    from uuid import UUID

ROWS_ON_A_PAGE = 20


class ApprovalsPage(Page, TemplateView):
    """What waits for the signed-in user: their own calls, and those they answer as an admin."""

    template_name = "chat/approvals.html"
    extra_context = {"section": "approvals"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        rows = Paginator(approvals.waiting_calls(self.actor), ROWS_ON_A_PAGE)
        page = rows.get_page(self.request.GET.get("page"))
        calls = [Call(one.row, one) for one in approvals.questions_about(page.object_list)]
        return super().get_context_data(calls=calls, page_obj=page, **context)


class GrantsPage(Page, TemplateView):
    """The tools that the signed-in user is not asked about."""

    template_name = "chat/grants.html"
    extra_context = {"section": "account", "tab": "grants"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        rows = Paginator(ToolGrant.objects.visible_to(self.actor).newest_first(), ROWS_ON_A_PAGE)
        page = rows.get_page(self.request.GET.get("page"))
        return super().get_context_data(grants=page.object_list, page_obj=page, **context)


class RevokeGrantPage(ActPage):
    """Ends what was allowed beyond one call."""

    back = "account-grants"

    def act(self, pk: UUID) -> str:
        grants.revoke_grant(pk, actor=self.actor)
        return _("The tool asks again from now on.")
