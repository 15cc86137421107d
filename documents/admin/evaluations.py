"""Staff pages of evaluations: how well searches did, and what got worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from documents import services
from documents.enums import SearchMode
from documents.evaluation import (
    FIGURES,
    changes_between,
    start_evaluation,
)
from documents.models import EmbeddingModel, EvaluationRun
from youworker.core.evaluation_admin import NOTHING, EvaluationAdmin, EvaluationForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User
    from documents.evaluation import Change

# Questions that are listed as fallen or risen.
MOST_LISTED = 100


class SearchForm(EvaluationForm):
    """What is evaluated."""

    field_order = ("mode", "model", "collection")

    mode = forms.ChoiceField(
        label=capfirst(_("mode")), choices=SearchMode.choices, widget=UnfoldAdminSelectWidget
    )
    model = forms.ModelChoiceField(
        EmbeddingModel.objects.none(),
        label=capfirst(_("embedding model")),
        empty_label=_("the one that answers searches"),
        widget=UnfoldAdminSelectWidget,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField", self.fields["model"])
        field.queryset = EmbeddingModel.objects.order_by("-active", "created_at")


@admin.register(EvaluationRun)
class EvaluationRunAdmin(EvaluationAdmin):
    """How well searches did, each time they were evaluated."""

    form_of_evaluation = SearchForm
    said = _("The questions are asked with your rights: of what you may read.")
    list_display = (
        "created_at", "model_name", "mode", "collection", "status", "progress", "hit_5", "mrr",
        "difference",
    )  # fmt: skip
    list_filter = ("mode", "status", "created_at")
    list_select_related = ("collection", "searcher")
    search_fields = ("model_name",)
    fields = (
        "created_at", "finished_at", "model_name", "mode", "collection", "searcher", "status",
        "progress", "error", "figures_shown", "compared", "fallen", "risen",
    )  # fmt: skip
    readonly_fields = fields

    def begin(self, form: EvaluationForm, actor: User) -> None:
        name = form.cleaned_data["collection"].strip()
        start_evaluation(
            mode=form.cleaned_data["mode"],
            model=form.cleaned_data["model"],
            collection=services.named_collection(name, actor=actor) if name else None,
            searcher=actor,
        )

    def changes(self, before: EvaluationRun, now: EvaluationRun) -> Sequence[Change]:
        return changes_between(before, now)

    @admin.display(description="hit@5")
    def hit_5(self, run: EvaluationRun) -> str:
        """The share of questions answered among five documents."""
        return shown(run.figures.get("hit@5"))

    @admin.display(description="MRR@10")
    def mrr(self, run: EvaluationRun) -> str:
        """The mean of one over the place."""
        return shown(run.figures.get("mrr@10"))

    @admin.display(description=_("since the one before"))
    def difference(self, run: EvaluationRun) -> str:
        """How much MRR@10 changed."""
        change = self.change_of(run)
        return NOTHING if change is None else f"{change:+.4f}"

    @admin.display(description=_("figures"))
    def figures_shown(self, run: EvaluationRun) -> str:
        """A table of all figures."""
        return figures_table(run.figures) if run.figures else NOTHING

    @admin.display(description=_("compared with"))
    def compared(self, run: Any) -> str:
        """The evaluation before, with its figures."""
        before = run.before
        if before is None:
            return NOTHING
        when = date_format(localtime(before.created_at), "DATETIME_FORMAT")
        return format_html("{}, {}{}", when, before, figures_table(before.figures))

    @admin.display(description=_("questions that got worse"))
    def fallen(self, run: Any) -> str:
        """What stands further down than before."""
        return changes_list([one for one in run.changes if one.is_worse])

    @admin.display(description=_("questions that got better"))
    def risen(self, run: Any) -> str:
        """What stands further up than before, the most first."""
        return changes_list([one for one in run.changes if not one.is_worse][::-1])


def shown(value: float | None) -> str:
    """A figure for a table."""
    return NOTHING if value is None else f"{value:.4f}"


def figures_table(figures: dict[str, Any]) -> str:
    """All figures: of all questions, of each language, and across languages."""
    rows = {
        gettext("all"): figures,
        gettext("in one language"): figures["same_language"],
        gettext("across languages"): figures["cross_language"],
        **figures["languages"],
    }
    head = format_html_join(
        "", "<th scope='col' class='px-3 text-left'>{}</th>", ((name,) for name in ("", *FIGURES))
    )
    lines = ((name, cells_of(values)) for name, values in rows.items() if values["questions"])
    body = format_html_join("", "<tr><th scope='row' class='text-left'>{}</th>{}</tr>", lines)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def cells_of(values: dict[str, Any]) -> str:
    """The figures of one line."""
    shares = ((in_cell(values[name]),) for name in FIGURES)
    return format_html_join("", "<td class='px-3'>{}</td>", shares)


def in_cell(value: float) -> str:
    """A count as it is, a share with four digits."""
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def changes_list(changes: Sequence[Change]) -> str:
    """Questions whose right document moved, with its places."""
    lines = (
        (one.before or NOTHING, one.now or NOTHING, one.question.question)
        for one in changes[:MOST_LISTED]
    )
    return format_html_join("", "<div>{} → {}&emsp;{}</div>", lines) or NOTHING
