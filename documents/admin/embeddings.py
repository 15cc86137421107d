"""Staff pages of embedding models, their tasks and their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import CharField, Form, ModelForm
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from documents import services
from documents.embedding import configured_model, prompts_for, require_usable
from documents.evaluation import start_comparison, switch_model
from documents.models import (
    EmbeddingModel,
    EmbeddingTask,
    PassageEmbedding,
)
from youworker.core.acting import act_page, sent
from youworker.core.admin import KeptAdmin, ReadOnlyAdmin
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise as Words

    from accounts.models import User


PROMPT_HELP = _("Empty: what the model is known to want; none: nothing.")


ANSWERS = _("%(model)s answers searches now.")


class PrepareForm(ModelForm):
    """What is said about a model that is to be prepared."""

    # The blank at the end of a prompt counts.
    query_prompt = CharField(
        label=capfirst(_("before a question")),
        help_text=PROMPT_HELP,
        widget=UnfoldAdminTextInputWidget,
        strip=False,
        required=False,
    )
    passage_prompt = CharField(
        label=capfirst(_("before a passage")),
        help_text=PROMPT_HELP,
        widget=UnfoldAdminTextInputWidget,
        strip=False,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                require_usable(given["provider"], given["name"], given["dimensions"])
            except DomainError as error:
                raise ValidationError(error.in_words()) from error
        return given


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(KeptAdmin):
    """Models with vectors: another one is added, filled by the workers, activated, dropped."""

    form = PrepareForm
    fields = ("provider", "name", "dimensions", "query_prompt", "passage_prompt")
    list_display = (
        "name",
        "provider",
        "dimensions",
        "active",
        "state",
        "documents_left",
        "passages_left",
        "documents_failed",
        "mrr",
        "error",
        "created_at",
    )
    list_filter = ("provider", "active", "state")
    search_fields = ("name",)
    actions: ClassVar = [
        "compare", "activate", "activate_although_worse", "retry", "complete", "drop",
    ]  # fmt: skip
    actions_list: ClassVar = ["roll_back"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmbeddingModel]:
        return EmbeddingModel.objects.with_progress().with_mrr().order_by("-active", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return cast("User", request.user).has_perm("documents.add_embeddingmodel")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered: the right to change the model."""
        return cast("User", request.user).has_perm("documents.change_embeddingmodel")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the model of the settings."""
        return dict(zip(self.fields[:3], configured_model(), strict=True))

    def save_model(self, request: HttpRequest, obj: EmbeddingModel, form: Any, change: Any) -> None:
        actor = cast("User", request.user)
        prompts = prompts_for(obj.name, query=obj.query_prompt, passage=obj.passage_prompt)
        obj.pk = services.prepare_model(
            obj.provider, obj.name, obj.dimensions, prompts=prompts, actor=actor
        ).pk

    @admin.display(description=_("documents left"))
    def documents_left(self, model: EmbeddingModel) -> int:
        """How many documents lack vectors."""
        return model.documents_left

    @admin.display(description=_("passages left"))
    def passages_left(self, model: EmbeddingModel) -> int:
        """How many passages those documents have."""
        return model.passages_left

    @admin.display(description=_("failed so far"))
    def documents_failed(self, model: EmbeddingModel) -> int:
        """How many documents the model refused several times."""
        return model.documents_failed

    @admin.display(description="MRR@10")
    def mrr(self, model: EmbeddingModel) -> str:
        """What its latest hybrid evaluation found."""
        return "-" if model.mrr is None else f"{float(model.mrr):.4f}"

    @admin.action(description=_("Compare on the golden questions"), permissions=["operate"])
    def compare(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Queue the questions for the active model and the chosen ones, with one's own rights."""
        self.each(request, queryset, compare_model, _("%(model)s is being compared."))

    @admin.action(description=_("Let it answer searches"), permissions=["operate"])
    def activate(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Switch to the chosen model, when it is complete and was not seen to find less."""
        self.each(request, queryset[:1], switch_model, ANSWERS)

    @admin.action(
        description=_("Let it answer searches although it finds less"), permissions=["operate"]
    )
    def activate_although_worse(
        self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]
    ) -> None:
        """Switch to the chosen model, when it is complete."""
        self.each(request, queryset[:1], services.activate_model, ANSWERS)

    @action(
        description=_("Go back to the previous model"),
        url_path="roll-back",
        permissions=["operate"],
    )
    def roll_back(self, request: HttpRequest) -> HttpResponse:
        """Ask once more, then let the model before answer searches again."""
        form = Form(*sent(request))
        title = gettext("Go back to the previous model")
        said = ""
        try:
            said = str(services.previous_model())
            if request.method == "POST":
                model = services.roll_back_model(actor=cast("User", request.user))
                messages.success(request, ANSWERS % {"model": model})
                return redirect("admin:documents_embeddingmodel_changelist")
        except DomainError as refusal:
            messages.error(request, refusal.in_words())
            return redirect("admin:documents_embeddingmodel_changelist")
        return act_page(self, request, form, title, title, said=said)

    @admin.action(description=_("Ask again for what failed"), permissions=["operate"])
    def retry(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """End the pauses after failures."""
        self.each(request, queryset, services.retry_model, _("%(model)s is asked again."))

    @admin.action(description=_("Queue what is missing"), permissions=["operate"])
    def complete(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Look through all documents for passages without a vector."""
        self.each(request, queryset, services.complete_model, _("%(model)s is completed."))

    @admin.action(description=_("Drop with its vectors"), permissions=["operate"])
    def drop(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Remove models that are not active."""
        self.each(request, queryset, services.drop_model, _("%(model)s will be gone soon."))

    def each(
        self,
        request: HttpRequest,
        models: QuerySet[EmbeddingModel],
        service: Callable[..., object],
        done: Words,
    ) -> None:
        """Call a service for every model, and show its refusals."""
        for model in models:
            try:
                service(model, actor=request.user)
                messages.success(request, done % {"model": model})
            except DomainError as refusal:
                messages.error(request, refusal.in_words())


def compare_model(model: EmbeddingModel, *, actor: User) -> None:
    """Have a model and the active one asked the golden questions."""
    start_comparison(model, searcher=actor)


@admin.register(EmbeddingTask)
class EmbeddingTaskAdmin(ReadOnlyAdmin):
    """Documents that wait for vectors, and what went wrong with them."""

    listed = False
    list_display = ("id", "document", "model", "state", "priority", "failures", "error_code")
    list_filter = ("model", "state", "priority", "error_code")
    list_select_related = ("document", "model")
    search_fields = ("=id", "=document__id")
    exclude = ("lane", "turn", "lease_token", "lease_suspected_at")


@admin.register(PassageEmbedding)
class PassageEmbeddingAdmin(ReadOnlyAdmin):
    """That a passage has a vector; not the vector, which gives away its meaning."""

    listed = False
    list_display = ("id", "passage_id", "document", "model")
    list_filter = ("model",)
    list_select_related = ("document", "model")
    search_fields = ("=passage__id", "=document__id")
    fields = ("id", "passage", "document", "model")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PassageEmbedding]:
        return PassageEmbedding.objects.defer("vector").order_by("-pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["id", "passage", "document", "model"]
