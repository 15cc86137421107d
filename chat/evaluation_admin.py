"""Staff pages of evaluations of answers: how well a model did, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.template.defaultfilters import linebreaks_filter
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from chat.evaluation.judging import SHARES
from chat.evaluation.runs import (
    changes_between,
    is_expected,
    start_evaluation,
)
from chat.models import AnswerEvaluation
from documents import services as documents
from youworker.core.evaluation_admin import NOTHING, EvaluationAdmin, EvaluationForm
from youworker.core.numbers import shown_change, shown_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from accounts.models import User
    from chat.evaluation.runs import Change
    from chat.models import JudgedAnswer

# Answers that are listed.
MOST_LISTED = 200
LABELS = {
    "as_expected": _("answers as expected"),
    "answered": _("questions answered, with a source"),
    "right_document": _("right document named first"),
    "right": _("right answers"),
    "right_follow_ups": _("right answers to follow-ups"),
    "refused": _("unanswerable questions refused"),
    "supported": _("citations that hold their sentences"),
}


class AnswerForm(EvaluationForm):
    """What is evaluated."""

    field_order = ("model", "collection")

    model = forms.CharField(
        label=capfirst(_("model")),
        help_text=_("Its name, as people choose it; empty: the default model."),
        widget=UnfoldAdminTextInputWidget,
        max_length=200,
        required=False,
    )


@admin.register(AnswerEvaluation)
class AnswerEvaluationAdmin(EvaluationAdmin):
    """How well answers were, each time they were evaluated."""

    form_of_evaluation = AnswerForm
    said = _(
        "A model answers all golden questions with your rights, behind everybody who waits for"
        " an answer. No conversation is kept."
    )
    list_display = (
        "created_at", "model_named", "collection", "status", "progress", "share", "difference",
    )  # fmt: skip
    list_filter = ("status", "created_at")
    list_select_related = ("collection", "asker")
    search_fields = ("model",)
    fields = (
        "created_at", "finished_at", "model_named", "collection", "asker", "status", "progress",
        "error", "figures_shown", "fallen", "risen", "unexpected", "expected",
    )  # fmt: skip
    readonly_fields = fields

    def begin(self, form: EvaluationForm, actor: User) -> None:
        name = form.cleaned_data["collection"].strip()
        start_evaluation(
            model=form.cleaned_data["model"].strip(),
            collection=documents.named_collection(name, actor=actor) if name else None,
            asker=actor,
        )

    def changes(self, before: AnswerEvaluation, now: AnswerEvaluation) -> Sequence[Change]:
        return changes_between(before, now)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The evaluation with its answers, of which only the asker reads the texts.

        They say what the asker may read, which others may not.
        """
        run: Any = super().get_object(request, object_id, from_field)
        if run is not None:
            run.shows_texts = run.asker_id == request.user.pk
            answers = run.answers.all() if run.shows_texts else run.answers.without_texts()
            run.judged = list(answers.select_related("question").order_by("pk"))
        return run

    @admin.display(description=_("model"), ordering="model")
    def model_named(self, run: AnswerEvaluation) -> str:
        """The model, or that it was the default one."""
        return str(run)

    @admin.display(description=_("answers as expected"))
    def share(self, run: AnswerEvaluation) -> str:
        """The share of all answers that are as their questions want them."""
        return shown(run.figures.get("as_expected"))

    @admin.display(description=_("since the one before"))
    def difference(self, run: AnswerEvaluation) -> str:
        """How much that share changed, in points."""
        change = self.change_of(run)
        return NOTHING if change is None else shown_change(100 * change)

    @admin.display(description=_("figures"))
    def figures_shown(self, run: Any) -> str:
        """A table of all figures, beside those of the evaluation before."""
        return figures_table(run, run.before) if run.figures else NOTHING

    @admin.display(description=_("answers that got worse"))
    def fallen(self, run: Any) -> str:
        """What was as expected before."""
        return changes_list([one for one in run.changes if one.is_worse])

    @admin.display(description=_("answers that got better"))
    def risen(self, run: Any) -> str:
        """What was not as expected before."""
        return changes_list([one for one in run.changes if not one.is_worse])

    @admin.display(description=_("not as expected"))
    def unexpected(self, run: Any) -> str:
        """The answers that are not as their questions want them."""
        return answers_list(run, [one for one in run.judged if not is_expected(one)])

    @admin.display(description=_("as expected"))
    def expected(self, run: Any) -> str:
        """The others."""
        return answers_list(run, [one for one in run.judged if is_expected(one)])


def shown(value: float | None) -> str:
    """A share for a table, in percent."""
    return NOTHING if value is None else f"{shown_decimal(100 * value)} %"


def figures_table(run: AnswerEvaluation, before: AnswerEvaluation | None) -> str:
    """All figures, of how many each is, and what it was before."""
    lines = [
        (
            capfirst(LABELS[name]),
            shown(run.figures[name]),
            run.figures[f"{name}_of"],
            shown(before.figures.get(name)) if before else NOTHING,
        )
        for name in SHARES
        if run.figures[f"{name}_of"]
    ]
    seconds = (
        gettext("Seconds of an answer, median"),
        shown_decimal(run.figures["seconds"]),
        "",
        shown_decimal(before.figures["seconds"]) if before else NOTHING,
    )
    names = ("", gettext("now"), gettext("number"), gettext("before"))
    head = format_html_join(
        "",
        "<th scope='col' class='px-3 text-left whitespace-nowrap'>{}</th>",
        ((name,) for name in names),
    )
    row = (
        "<tr><th scope='row' class='text-left'>{}</th><td class='px-3 whitespace-nowrap'>{}</td>"
        "<td class='px-3'>{}</td><td class='px-3 whitespace-nowrap'>{}</td></tr>"
    )
    body = format_html_join("", row, [*lines, seconds])
    table = format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
    if before is None:
        return table
    when = date_format(localtime(before.created_at), "DATETIME_FORMAT")
    compared = gettext("Before: %(when)s, %(model)s") % {
        "when": when,
        "model": str(before),
    }
    return format_html("{}<p>{}</p>", table, compared)


def changes_list(changes: Sequence[Change]) -> str:
    """Questions whose answers are judged otherwise."""
    lines = (
        (one.before.get_verdict_display(), one.now.get_verdict_display(), one.question)
        for one in changes[:MOST_LISTED]
    )
    return format_html_join("", "<div>{} → {}&emsp;{}</div>", lines) or NOTHING


def answers_list(run: Any, answers: Sequence[JudgedAnswer]) -> str:
    """Questions with their answers and sources, which only the asker reads."""
    if not answers:
        return NOTHING
    parts = (
        (one.question.question, one.get_verdict_display(), answer_shown(one, run.shows_texts))
        for one in answers[:MOST_LISTED]
    )
    rows = format_html_join(
        "", "<details class='mb-2 relative'><summary>{} · {}</summary>{}</details>", parts
    )
    if len(answers) <= MOST_LISTED:
        return rows
    more = gettext("%(count)d more are not shown.") % {"count": len(answers) - MOST_LISTED}
    return format_html("{}<p>{}</p>", rows, more)


def answer_shown(answer: JudgedAnswer, shows_text: bool) -> str:  # noqa: FBT001
    """What was said, and by which sources."""
    if not shows_text:
        return format_html(
            "<p>{}</p>", gettext("Only the person with whose rights it was asked reads this.")
        )
    sources = format_html_join(
        "",
        "<li>[{}] {}: “{}”</li>",
        ((one["index"], one["title"], one["quote"]) for one in answer.sources),
    )
    text = linebreaks_filter(answer.text or gettext("Nothing was answered."))
    return format_html("<div class='break-words' dir='auto'>{}</div><ul>{}</ul>", text, sources)
