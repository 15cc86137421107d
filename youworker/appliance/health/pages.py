"""The page of the console that shows every part of the installation and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from youworker.appliance.health.rows import recent_rows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


# Seconds after which the page looks again.
REFRESH_SECONDS = 30


@require_safe
def show_health(request: HttpRequest) -> HttpResponse:
    """Show every part as it was a few seconds ago, those that need somebody first."""
    rows = recent_rows()
    troubled = sum(row["state"] != "ok" for row in rows)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Health"),
        "rows": rows,
        "summary": summary_of(troubled),
        "at": timezone.localtime(),
        "refresh": REFRESH_SECONDS,
    }
    return TemplateResponse(request, "youworker/health.html", context)


def summary_of(troubled: int) -> str:
    """One sentence about all parts."""
    if not troubled:
        return gettext("Every part works.")
    return ngettext(
        "%(count)d part needs somebody.", "%(count)d parts need somebody.", troubled
    ) % {"count": troubled}
