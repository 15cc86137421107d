"""Staff pages of evaluations of answers: how well a model did, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.shortcuts import redirect
from django.template.defaultfilters import linebreaks_filter
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from chat.evaluation.judging import SHARES
from chat.evaluation.runs import (
    changes_between,
    is_expected,
    previous_evaluation,
    start_evaluation,
)
from chat.models import AnswerEvaluation
from documents import services as documents
from youworker.core.acting import act_page, sent
from youworker.core.admin import ReadOnlyAdmin
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from chat.evaluation.runs import Change
    from chat.models import JudgedAnswer

# Answers that are listed.
MOST_LISTED = 200
NOTHING = "-"
LABELS = {
    "as_expected": _("answers as expected"),
    "answered": _("questions answered, with a source"),
    "right_document": _("right document named first"),
    "right": _("right answers"),
    "right_follow_ups": _("right answers to follow-ups"),
    "refused": _("unanswerable questions refused"),
    "supported": _("citations that hold their sentences"),
}


class EvaluationForm(forms.Form):
    """What is evaluated."""

    model = forms.CharField(
        label=capfirst(_("model")),
        help_text=_("Its name, as people choose it; empty: the default model."),
        widget=UnfoldAdminTextInputWidget,
        max_length=200,
        required=False,
    )
    collection = forms.CharField(
        label=capfirst(_("only the questions about a collection")),
        help_text=_("Its name or id."),
        widget=UnfoldAdminTextInputWidget,
        required=False,
    )


@admin.register(AnswerEvaluation)
class AnswerEvaluationAdmin(ReadOnlyAdmin):
    """How well answers were, each time they were evaluated; latest first."""

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
    actions_list: ClassVar = ["evaluate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AnswerEvaluation]:
        return AnswerEvaluation.objects.with_progress().with_previous().newest_first()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The evaluation with its answers, the one before and what changed since."""
        run: Any = super().get_object(request, object_id, from_field)
        if run is not None:
            run.before = previous_evaluation(run) if run.figures else None
            run.changes = changes_between(run.before, run) if run.before else []
            run.judged = list(run.answers.select_related("question").order_by("pk"))
            # They say what the asker may read, which others may not.
            run.shows_texts = run.asker_id == request.user.pk
        return run

    def has_evaluate_permission(self, request: HttpRequest) -> bool:
        """Whether an evaluation may be begun."""
        return cast("User", request.user).has_perm("chat.add_answerevaluation")

    @action(description=_("Evaluate now"), url_path="evaluate", permissions=["evaluate"])
    def evaluate(self, request: HttpRequest) -> HttpResponse:
        """Ask what is to be evaluated, then queue it with the rights of whoever asks."""
        form = EvaluationForm(*sent(request))
        if request.method == "POST" and form.is_valid():
            try:
                begin_evaluation(form, cast("User", request.user))
            except DomainError as refusal:
                form.add_error(None, refusal.in_words())
            else:
                messages.success(request, gettext("The questions are being asked."))
                return redirect("admin:chat_answerevaluation_changelist")
        said = gettext(
            "A model answers all golden questions with your rights, behind everybody who waits for"
            " an answer. No conversation is kept."
        )
        page = gettext("Evaluate now")
        return act_page(self, request, form, page, page, said=said)

    @admin.display(description=_("model"), ordering="model")
    def model_named(self, run: AnswerEvaluation) -> str:
        """The model, or that it was the default one."""
        return run.model or gettext("the default model")

    @admin.display(description=_("asked"))
    def progress(self, run: AnswerEvaluation) -> str:
        """How many questions were answered, and of how many."""
        return f"{run.asked_count} / {run.total}"

    @admin.display(description=_("answers as expected"))
    def share(self, run: AnswerEvaluation) -> str:
        """The share of all answers that are as their questions want them."""
        return shown(run.figures.get("as_expected"))

    @admin.display(description=_("since the one before"))
    def difference(self, run: AnswerEvaluation) -> str:
        """How much that share changed."""
        now = run.figures.get("as_expected")
        if now is None or run.previous_share is None:
            return NOTHING
        return f"{100 * (now - float(run.previous_share)):+.1f}"

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


def begin_evaluation(form: EvaluationForm, actor: User) -> AnswerEvaluation:
    """Queue what a form asks for; raises `DomainError`."""
    name = form.cleaned_data["collection"].strip()
    return start_evaluation(
        model=form.cleaned_data["model"].strip(),
        collection=documents.named_collection(name, actor=actor) if name else None,
        asker=actor,
    )


def shown(value: float | None) -> str:
    """A share for a table, in percent."""
    return NOTHING if value is None else f"{number_format(100 * value, 1)} %"


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
        number_format(run.figures["seconds"], 1),
        "",
        number_format(before.figures["seconds"], 1) if before else NOTHING,
    )
    names = ("", gettext("now"), gettext("number"), gettext("before"))
    head = format_html_join(
        "", "<th scope='col' class='px-3 text-left'>{}</th>", ((name,) for name in names)
    )
    row = (
        "<tr><th scope='row' class='text-left'>{}</th><td class='px-3'>{}</td>"
        "<td class='px-3'>{}</td><td class='px-3'>{}</td></tr>"
    )
    body = format_html_join("", row, [*lines, seconds])
    table = format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
    if before is None:
        return table
    when = date_format(localtime(before.created_at), "DATETIME_FORMAT")
    compared = gettext("Before: %(when)s, %(model)s") % {
        "when": when,
        "model": before.model or gettext("the default model"),
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
