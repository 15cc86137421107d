"""What was done over time, as a page: of the signed-in user, or of everybody for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.generic import TemplateView

from documents.kinds import kind_of
from youworker.analytics import services
from youworker.analytics.charts import draw, shown_number
from youworker.analytics.periods import Interval, Period, period_of
from youworker.core.numbers import shown_decimal
from youworker.core.pages.base import Page
from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

DAYS = (1, 7, 30, 90, 365)
LONGEST_BY_DAY = 92
MILLISECONDS = 1000
SPANS = {
    1: _("Today"),
    7: _("7 days"),
    30: _("30 days"),
    90: _("90 days"),
    365: _("A year"),
}
# The figures of the head, and how a number of each is told.
FIGURES: tuple[tuple[str, Any, Callable[[int], Any]], ...] = (
    ("runs", _("Answers"), shown_number),
    ("tokens_out", _("Tokens written"), shown_number),
    ("tokens_in", _("Tokens read"), shown_number),
    ("sessions", _("New conversations"), shown_number),
    ("searches", _("Searches"), shown_number),
    ("tool_calls", _("Tool calls"), shown_number),
    ("files", _("Files read"), shown_number),
    ("bytes", _("Amount of files"), filesizeformat),
)
# How calls and files ended.
ENDS = [
    ("good", pgettext_lazy("several things", "Succeeded")),
    ("failed", pgettext_lazy("several things", "Failed")),
]
OF_EVERYBODY = ("active_users", _("Active people"), shown_number)


class PeriodForm(forms.Form):
    """How far back, and whose use; whatever else an address says means the usual."""

    days = forms.TypedChoiceField(choices=[(each, each) for each in DAYS], coerce=int)
    scope = forms.ChoiceField(choices=[("own", ""), ("all", "")])


class AnalyticsPage(Page, TemplateView):
    """Figures, charts and tables of a period."""

    template_name = "analytics/analytics.html"
    extra_context = {"section": "analytics"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        form = PeriodForm(self.request.GET)
        form.is_valid()
        days = form.cleaned_data.get("days") or 30
        is_for_all = self.actor.is_staff and form.cleaned_data.get("scope") == "all"
        period = period_of(
            zone_or_utc(self.actor.time_zone), days=days, interval=interval_for(days)
        )
        of = None if is_for_all else self.actor.pk
        return super().get_context_data(
            days=days,
            spans=[(each, SPANS[each]) for each in DAYS],
            is_for_all=is_for_all,
            **described(period, of),
            **context,
        )


def interval_for(days: int) -> Interval:
    """Pieces that can be told apart in a chart."""
    if days == 1:
        return Interval.HOUR
    return Interval.DAY if days <= LONGEST_BY_DAY else Interval.WEEK


def described(period: Period, of: UUID | None) -> dict[str, Any]:
    """The six views as the page shows them."""
    activity = services.session_activity(period, of=of)["timeline"]
    tokens = services.tokens_timeline(period, of=of)
    tools = services.tool_timeline(period, of=of)["timeline"]
    files = services.ingestion_stats(period, of=of)
    words = worded(period)
    charts = [
        draw(
            _("Answers and searches"),
            activity,
            [("runs", _("Answers")), ("searches", _("Searches"))],
            *words,
        ),
        draw(
            _("Tokens"),
            tokens["timeline"],
            [("tokens_in", _("Tokens read")), ("tokens_out", _("Tokens written"))],
            *words,
        ),
        draw(
            _("Tool calls"),
            succeeded(tools, "calls"),
            ENDS,
            *words,
        ),
        draw(
            _("Files"),
            succeeded(files["timeline"], "files"),
            ENDS,
            *words,
        ),
    ]
    if of is None:
        charts.append(draw(_("Active people"), activity, [("active_users", _("People"))], *words))
    return {
        "figures": figures(services.overview(period, of=of), is_for_all=of is None),
        "charts": charts,
        "models": [told(row) for row in tokens["models"]],
        "tools": [told(row) for row in services.tool_performance(period, of=of)["tools"]],
        "types": [told(row) for row in by_kind(files["types"])],
    }


def by_kind(types: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sums of file types, by what people call such files; the most frequent first."""
    kinds: dict[Any, dict[str, Any]] = {}
    for row in types:
        kind = kind_of(row["name"])
        name = kind.label if kind else row["name"] or _("Not recognized")
        sums = kinds.setdefault(str(name), {"name": name, "files": 0, "failed": 0, "bytes": 0})
        for each in ("files", "failed", "bytes"):
            sums[each] += row[each]
    return sorted(kinds.values(), key=lambda row: -row["files"])


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A line of a table with its numbers as people read them."""
    return {name: shown(name, value) for name, value in row.items()}


def shown(name: str, value: Any) -> Any:
    """A sum in the page's language, by what it is a sum of."""
    if value is None:
        return None
    if name == "bytes":
        return filesizeformat(value)
    if name.endswith("_ms"):
        return shown_time(value)
    return shown_number(value) if isinstance(value, int) else value


def shown_time(milliseconds: float) -> str:
    """A time in milliseconds, or in seconds where there are many."""
    if milliseconds < MILLISECONDS:
        return f"{round(milliseconds)} ms"
    return f"{shown_decimal(milliseconds / MILLISECONDS)} s"


def succeeded(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """A timeline with what went well and what failed apart."""
    return [{**row, "good": row[name] - row["failed"]} for row in rows]


def figures(answer: dict[str, Any], *, is_for_all: bool) -> list[dict[str, Any]]:
    """The totals in words, and how they were in the days before."""
    shown = (*FIGURES, OF_EVERYBODY) if is_for_all else FIGURES
    totals, before = answer["totals"], answer["previous"]
    return [
        {"words": words, "amount": tell(totals[name]), "before": tell(before[name])}
        for name, words, tell in shown
    ]


def worded(period: Period) -> tuple[Callable[[datetime], str], Callable[[datetime], str]]:
    """How the beginning of a piece is told, and how it is marked where there is little room."""

    def tell(form: str) -> Callable[[datetime], str]:
        return lambda at: date_format(timezone.localtime(at, period.zone), form)

    if period.interval == Interval.HOUR:
        return tell("TIME_FORMAT"), tell("TIME_FORMAT")
    return tell("SHORT_DATE_FORMAT"), tell("j M")
