"""Staff pages; staff look things up and never read passages or originals here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm

from documents import services
from documents.embedding import configured_model, require_usable
from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    EmbeddingModel,
    EmbeddingTask,
    Passage,
    PassageEmbedding,
    StoredFile,
    Tag,
)
from documents.services import staff
from documents.services.staff import read_document
from youworker.audit.staff_access import PrivateContentAdmin
from youworker.core.admin import KeptAdmin, ReadOnlyAdmin, StaffAdmin
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    from accounts.models import User


class RestorableAdmin(ReadOnlyAdmin):
    """Rows that staff only hide and show again, deleted ones included."""

    actions: ClassVar = ["hide", "show"]


@admin.register(Collection)
class CollectionAdmin(RestorableAdmin):
    """Collections, deleted ones included."""

    list_display = ("name", "owner", "is_default", "document_count", "created_at", "deleted_at")
    list_filter = ("is_default", "created_at", "deleted_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username", "id")
    fields = ("id", "name", "description", "owner", "is_default", "created_at", "deleted_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        rows: QuerySet[Collection] = Collection.all_objects.with_document_count()
        return rows.order_by("-created_at")

    @admin.display(description="documents", ordering="document_count")
    def document_count(self, collection: Collection) -> int:
        """How many living documents lie in it."""
        return collection.document_count

    @admin.action(description="Delete (can be restored)", permissions=["manage"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        """Hide the chosen collections."""
        count = staff.hide_collections(queryset, actor=cast("User", request.user))
        messages.success(request, f"{count} deleted.")

    @admin.action(description="Restore", permissions=["manage"])
    def show(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        """Show the chosen collections again."""
        count = staff.show_collections(queryset, actor=cast("User", request.user))
        messages.success(request, f"{count} restored.")


@admin.register(Document)
class DocumentAdmin(RestorableAdmin, PrivateContentAdmin):
    """Documents, deleted ones included; their text with a reason only, never their original."""

    read = staticmethod(read_document)
    owner_field = "owner"
    list_display = ("title", "owner", "status", "passage_count", "size", "created_at", "deleted_at")
    list_filter = ("status", "text_config", "created_at", "deleted_at")
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username", "sha256", "id")
    fields = (
        "id",
        "title",
        "owner",
        "collection",
        "uri",
        "mime",
        "size",
        "sha256",
        "status",
        "language",
        "pages",
        "passage_count",
        "tags",
        "created_at",
        "updated_at",
        "deleted_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        rows: QuerySet[Document] = Document.all_objects.newest_first()
        return rows

    @admin.action(description="Delete (can be restored)", permissions=["manage"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        """Hide the chosen documents."""
        count = staff.hide_documents(queryset, actor=cast("User", request.user))
        messages.success(request, f"{count} deleted.")

    @admin.action(description="Restore", permissions=["manage"])
    def show(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        """Show the chosen documents again."""
        count = staff.show_documents(queryset, actor=cast("User", request.user))
        messages.success(request, f"{count} restored.")


@admin.register(CollectionShare)
class CollectionShareAdmin(ReadOnlyAdmin):
    """Which group may use which collection."""

    list_display = ("collection", "group", "access", "created_at")
    list_filter = ("access", "created_at")
    list_select_related = ("collection", "group")
    search_fields = ("collection__name", "group__name")


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    """Which bytes are kept, and how many; not what is in them."""

    list_display = ("sha256", "size", "created_at")
    list_filter = ("created_at",)
    search_fields = ("=sha256",)


@admin.register(DocumentShare)
class DocumentShareAdmin(ReadOnlyAdmin):
    """Which group may read which document."""

    list_display = ("document", "group", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("document", "group")
    search_fields = ("document__title", "group__name")


@admin.register(Tag)
class TagAdmin(StaffAdmin):
    """Labels; staff may rename and remove them, which changes everybody's documents."""

    list_display = ("name",)
    list_filter = ()
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: Any) -> None:
        staff.save_tag(obj, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        staff.remove_tags([obj], actor=cast("User", request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        staff.remove_tags(queryset, actor=cast("User", request.user))


@admin.register(Passage)
class PassageAdmin(ReadOnlyAdmin):
    """That a passage is there, and how long it is; not what it says."""

    list_display = ("id", "document", "ordinal", "page", "start", "end")
    list_filter = ("document__status",)
    list_select_related = ("document",)
    search_fields = ("=id", "=document__id")
    fields = ("id", "document", "ordinal", "page", "start", "end")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Passage]:
        return Passage.objects.defer("text", "heading", "search").order_by("-pk")


class PrepareForm(ModelForm):
    """What is said about a model that is to be prepared."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                require_usable(given["provider"], given["name"], given["dimensions"])
            except DomainError as error:
                raise ValidationError(error.message) from error
        return given


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(KeptAdmin):
    """Models with vectors: another one is added, filled by the workers, activated, dropped."""

    form = PrepareForm
    fields = ("provider", "name", "dimensions")
    list_display = (
        "name",
        "provider",
        "dimensions",
        "active",
        "state",
        "documents_left",
        "passages_left",
        "documents_failed",
        "error",
        "created_at",
    )
    list_filter = ("provider", "active", "state")
    search_fields = ("name",)
    actions: ClassVar = ["activate", "retry", "complete", "drop"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmbeddingModel]:
        return EmbeddingModel.objects.with_progress().order_by("-active", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return cast("User", request.user).has_perm("documents.add_embeddingmodel")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered: the right to change the model."""
        return cast("User", request.user).has_perm("documents.change_embeddingmodel")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the model of the settings."""
        return dict(zip(self.fields, configured_model(), strict=True))

    def save_model(self, request: HttpRequest, obj: EmbeddingModel, form: Any, change: Any) -> None:
        actor = cast("User", request.user)
        obj.pk = services.prepare_model(obj.provider, obj.name, obj.dimensions, actor=actor).pk

    @admin.display(description="documents left")
    def documents_left(self, model: EmbeddingModel) -> int:
        """How many documents lack vectors."""
        return model.documents_left

    @admin.display(description="passages left")
    def passages_left(self, model: EmbeddingModel) -> int:
        """How many passages those documents have."""
        return model.passages_left

    @admin.display(description="failed so far")
    def documents_failed(self, model: EmbeddingModel) -> int:
        """How many documents the model refused several times."""
        return model.documents_failed

    @admin.action(description="Let it answer searches", permissions=["operate"])
    def activate(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Switch to the chosen model, when it is complete."""
        self.each(request, queryset[:1], services.activate_model, "answers searches now")

    @admin.action(description="Ask again for what failed", permissions=["operate"])
    def retry(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """End the pauses after failures."""
        self.each(request, queryset, services.retry_model, "is asked again")

    @admin.action(description="Queue what is missing", permissions=["operate"])
    def complete(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Look through all documents for passages without a vector."""
        self.each(request, queryset, prepare_again, "is completed")

    @admin.action(description="Drop with its vectors", permissions=["operate"])
    def drop(self, request: HttpRequest, queryset: QuerySet[EmbeddingModel]) -> None:
        """Remove models that are not active."""
        self.each(request, queryset, services.drop_model, "will be gone soon")

    def each(
        self,
        request: HttpRequest,
        models: QuerySet[EmbeddingModel],
        service: Callable[..., object],
        done: str,
    ) -> None:
        """Call a service for every model, and show its refusals."""
        for model in models:
            try:
                service(model, actor=request.user)
                messages.success(request, f"{model} {done}.")
            except DomainError as refusal:
                messages.error(request, refusal.message)


def prepare_again(model: EmbeddingModel, *, actor: User) -> None:
    """Queue what a model lacks."""
    services.prepare_model(model.provider, model.name, model.dimensions, actor=actor)


@admin.register(EmbeddingTask)
class EmbeddingTaskAdmin(ReadOnlyAdmin):
    """Documents that wait for vectors, and what went wrong with them."""

    list_display = ("id", "document", "model", "state", "priority", "failures", "error_code")
    list_filter = ("model", "state", "priority", "error_code")
    list_select_related = ("document", "model")
    search_fields = ("=id", "=document__id")
    exclude = ("lane", "turn", "lease_token", "lease_suspected_at")


@admin.register(PassageEmbedding)
class PassageEmbeddingAdmin(ReadOnlyAdmin):
    """That a passage has a vector; not the vector, which gives away its meaning."""

    list_display = ("id", "passage_id", "document", "model")
    list_filter = ("model",)
    list_select_related = ("document", "model")
    search_fields = ("=passage__id", "=document__id")
    fields = ("id", "passage", "document", "model")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PassageEmbedding]:
        return PassageEmbedding.objects.defer("vector").order_by("-pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["id", "passage", "document", "model"]
