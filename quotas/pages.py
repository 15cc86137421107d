"""What somebody has used, and what is left."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from quotas.enums import QuotaKind
from quotas.report import report_usage
from quotas.types import shown_amount
from youworker.core.pages.base import Page

WORDS: dict[str, Any] = {
    QuotaKind.TOKENS_PER_DAY: _("Tokens today"),
    QuotaKind.TOKENS_PER_MONTH: _("Tokens this month"),
    QuotaKind.STORED_BYTES: _("Stored files"),
    QuotaKind.DOCUMENTS: _("Documents"),
    QuotaKind.RUNS_AT_ONCE: _("Answers at the same time"),
}


class UsagePage(Page, TemplateView):
    """Use and limits of the signed-in user."""

    template_name = "quotas/usage.html"
    extra_context = {"section": "account", "tab": "usage"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        report = report_usage(self.actor, None)
        used = [
            (WORDS[kind], shown_amount(kind, amount)) for kind, amount in report["used"].items()
        ]
        limits = [described_limit(limit) for limit in report["limits"]]
        return super().get_context_data(used=used, limits=limits, **context)


def described_limit(limit: dict[str, Any]) -> dict[str, Any]:
    """A limit in words, and how much of it is used, in percent."""
    kind, most = limit["measure"], limit["limit"]
    return {
        **limit,
        "words": WORDS[kind],
        "percent": min(100, round(100 * limit["used"] / most)) if most else 100,
        "shown_used": shown_amount(kind, limit["used"]),
        "shown_limit": shown_amount(kind, most),
    }
