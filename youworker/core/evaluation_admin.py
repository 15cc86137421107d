"""What staff pages of evaluations have in common, whatever is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from youworker.core.acting import act_page, sent
from youworker.core.admin import ReadOnlyAdmin
from youworker.core.evaluations import previous_evaluation
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from accounts.models import User
    from youworker.core.evaluations import Evaluation, EvaluationQuerySet

NOTHING = "-"


class EvaluationForm(forms.Form):
    """Which questions are asked."""

    collection = forms.CharField(
        label=capfirst(_("only the questions about a collection")),
        help_text=_("Its name or id."),
        widget=UnfoldAdminTextInputWidget,
        required=False,
    )


class EvaluationAdmin(ReadOnlyAdmin):
    """Evaluations, latest first: begun with one's own rights, each beside the one before."""

    form_of_evaluation: type[EvaluationForm]
    # What is said above the form.
    said: StrOrPromise
    actions_list: ClassVar = ["evaluate"]

    def begin(self, form: EvaluationForm, actor: User) -> None:
        """Queue what a form asks for; raises `DomainError`."""
        raise NotImplementedError

    def changes(self, before: Any, now: Any) -> Sequence[Any]:
        """What moved between two evaluations."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        rows: EvaluationQuerySet[Any] = self.model.objects.all()
        return rows.with_progress().with_previous().newest_first()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_evaluate_permission(self, request: HttpRequest) -> bool:
        """Whether an evaluation may be begun."""
        options = self.model._meta
        right = f"{options.app_label}.add_{options.model_name}"
        return cast("User", request.user).has_perm(right)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The evaluation with the one before, and what moved since, for all that shows them."""
        run: Any = super().get_object(request, object_id, from_field)
        if run is not None:
            run.before = previous_evaluation(run) if run.figures else None
            run.changes = self.changes(run.before, run) if run.before else []
        return run

    @action(description=_("Evaluate now"), url_path="evaluate", permissions=["evaluate"])
    def evaluate(self, request: HttpRequest) -> HttpResponse:
        """Ask what is to be evaluated, then queue it with the rights of whoever asks."""
        form = self.form_of_evaluation(*sent(request))
        if request.method == "POST" and form.is_valid():
            try:
                self.begin(form, cast("User", request.user))
            except DomainError as refusal:
                form.add_error(None, refusal.in_words())
            else:
                messages.success(request, gettext("The questions are being asked."))
                options = self.model._meta
                return redirect(f"admin:{options.app_label}_{options.model_name}_changelist")
        page = gettext("Evaluate now")
        return act_page(self, request, form, page, page, said=str(self.said))

    @admin.display(description=_("asked"))
    def progress(self, run: Evaluation) -> str:
        """How many questions were asked, and of how many."""
        return f"{run.asked_count} / {run.total}"

    def change_of(self, run: Evaluation) -> float | None:
        """How much the figure that is compared changed since the one before."""
        now = run.figures.get(self.model.objects.all().compared)
        before = run.previous_figure
        return None if now is None or before is None else now - float(before)
