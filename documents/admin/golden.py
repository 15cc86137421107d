"""Staff pages of golden questions: written one by one, or as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from documents import services
from documents.golden_csv import MOST_BYTES, read_table, write_table
from documents.models import GoldenQuestion
from documents.models.golden import LONGEST_ANSWER
from youworker.core.acting import act_page, sent
from youworker.core.admin import StaffAdmin
from youworker.core.exceptions import DomainError, InvalidInput

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User


class LinesField(SimpleArrayField):
    """Values one in a line, blank lines left out."""

    def __init__(self, base_field: forms.Field, **options: Any) -> None:
        super().__init__(
            base_field, delimiter="\n", widget=UnfoldAdminTextareaWidget, required=False, **options
        )

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "\n".join(line for line in value.splitlines() if line.strip())
        return super().to_python(value)


class QuestionForm(forms.ModelForm):
    """A question, its right documents one in a line."""

    addresses = LinesField(
        forms.CharField(max_length=500),
        label=capfirst(_("right addresses")),
        help_text=_("One in a line: an address, the end of one, or with * for anything."),
    )
    document_ids = LinesField(
        forms.UUIDField(),
        label=capfirst(_("ids of right documents")),
        help_text=_("One in a line."),
    )
    answer = forms.CharField(
        label=capfirst(_("what a right answer says")),
        help_text=_(
            "Words or figures, one in a line: each has to be said. With | between several, one of"
            " them is enough: 27 days|twenty-seven days."
        ),
        widget=UnfoldAdminTextareaWidget,
        max_length=LONGEST_ANSWER,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            for name in ("addresses", "document_ids", "answer", "unanswerable"):
                setattr(self.instance, name, given[name])
            try:
                services.check_right_documents(self.instance)
            except InvalidInput as refusal:
                self.add_error(refusal.attr, refusal.in_words())
        return given


class ImportForm(forms.Form):
    """The table that is imported."""

    file = forms.FileField(label=capfirst(_("table (CSV)")), widget=UnfoldAdminFileFieldWidget)
    collection = forms.CharField(
        label=capfirst(_("collection of rows that name none")),
        help_text=_("Its name or id; empty: these questions are about everything."),
        widget=UnfoldAdminTextInputWidget,
        required=False,
    )


@admin.register(GoldenQuestion)
class GoldenQuestionAdmin(StaffAdmin):
    """Questions whose right documents are known; as a table in and out."""

    form = QuestionForm
    list_display = ("question", "collection", "language", "author", "created_at")
    list_filter = ("unanswerable", "language", "created_at")
    list_select_related = ("collection", "author")
    search_fields = ("question", "note", "addresses")
    autocomplete_fields = ("collection",)
    fields = (
        "question", "addresses", "document_ids", "passage", "answer", "follows", "unanswerable",
        "collection", "language", "note",
    )  # fmt: skip
    actions_list: ClassVar = ["import_table", "export_table", "evaluate"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        services.save_question(obj, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: GoldenQuestion) -> None:
        services.remove_questions([obj], actor=cast("User", request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[GoldenQuestion]) -> None:
        services.remove_questions(queryset, actor=cast("User", request.user))

    def has_evaluate_permission(self, request: HttpRequest) -> bool:
        """Whether an evaluation may be begun."""
        return cast("User", request.user).has_perm("documents.add_evaluationrun")

    @action(description=_("Import a table"), url_path="import", permissions=["add", "change"])
    def import_table(self, request: HttpRequest) -> HttpResponse:
        """Ask for the table, then add its questions."""
        form = ImportForm(*sent(request))
        if request.method == "POST" and form.is_valid():
            try:
                added, changed = self.read(request, form)
            except DomainError as refusal:
                form.add_error(None, refusal.in_words())
            else:
                said = gettext("%(added)d questions added, %(changed)d brought up to date.")
                messages.success(request, said % {"added": added, "changed": changed})
                return redirect("admin:documents_goldenquestion_changelist")
        return act_page(self, request, form, gettext("Import a table"), gettext("Import"))

    def read(self, request: HttpRequest, form: ImportForm) -> tuple[int, int]:
        """Add the questions of an uploaded table; raises `DomainError`."""
        file, name = form.cleaned_data["file"], form.cleaned_data["collection"].strip()
        actor = cast("User", request.user)
        return services.import_questions(
            read_table(file.read(MOST_BYTES + 1)),
            collection=services.named_collection(name, actor=actor) if name else None,
            actor=actor,
        )

    @action(description=_("Export as a table"), url_path="export", permissions=["view"])
    def export_table(self, request: HttpRequest) -> HttpResponse:
        """Give all questions as CSV."""
        table = write_table(services.table_of(GoldenQuestion.objects.oldest_first()))
        headers = {"Content-Disposition": 'attachment; filename="golden-questions.csv"'}
        return HttpResponse(table, content_type="text/csv; charset=utf-8", headers=headers)

    @action(description=_("Evaluate now"), url_path="evaluate", permissions=["evaluate"])
    def evaluate(self, request: HttpRequest) -> HttpResponse:
        """Lead to where evaluations are begun."""
        return redirect("admin:documents_evaluationrun_evaluate")
