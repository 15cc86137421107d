"""Staff pages of collections and documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    DocumentVersion,
    Passage,
    StoredFile,
    Tag,
)
from documents.services import staff
from documents.services.removal import removable_collections, removable_documents
from documents.services.staff import read_document
from youworker.audit.staff_access import PrivateContentAdmin
from youworker.core.admin import ReadOnlyAdmin, StaffAdmin
from youworker.core.purging_admin import PurgingAdmin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User


class RestorableAdmin(PurgingAdmin):
    """Rows that staff only hide, show again and remove for good, deleted ones included."""

    actions: ClassVar = ["hide", "show", "purge"]


@admin.register(Collection)
class CollectionAdmin(RestorableAdmin):
    """Collections, deleted ones included."""

    removable = staticmethod(removable_collections)
    remove = staticmethod(staff.purge_collections)
    purge_warning = _(
        "These collections are removed for good, with everything that is counted here and the"
        " originals of their documents. This cannot be undone."
    )
    related_lists = (
        ("documents.Document", "collection"),
        ("documents.CollectionShare", "collection"),
    )
    list_display = (
        "name",
        "owner",
        "is_default",
        "is_private",
        "document_count",
        "created_at",
        "deleted_at",
    )
    list_filter = ("is_default", "is_private", "created_at", "deleted_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username", "id")
    fields = (
        "id",
        "name",
        "description",
        "owner",
        "is_default",
        "is_private",
        "created_at",
        "deleted_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        rows: QuerySet[Collection] = Collection.all_objects.with_document_count()
        return rows.order_by("-created_at")

    @admin.display(description=_("documents"), ordering="document_count")
    def document_count(self, collection: Collection) -> int:
        """How many living documents lie in it."""
        return collection.document_count

    @admin.action(description=_("Delete (can be restored)"), permissions=["manage"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        """Hide the chosen collections."""
        count = staff.hide_collections(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d deleted.") % {"count": count})

    @admin.action(description=_("Restore"), permissions=["manage"])
    def show(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        """Show the chosen collections again."""
        count = staff.show_collections(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d restored.") % {"count": count})


@admin.register(Document)
class DocumentAdmin(RestorableAdmin, PrivateContentAdmin):
    """Documents, deleted ones included; their text with a reason only, never their original."""

    linked_by = ("owner", "collection")
    related_lists = (
        ("documents.Passage", "document"),
        ("documents.DocumentVersion", "document"),
        ("documents.DocumentShare", "document"),
        ("ingestion.IngestionItem", "document"),
        ("chat.Citation", "document"),
    )
    removable = staticmethod(removable_documents)
    remove = staticmethod(staff.purge_documents)
    purge_warning = _(
        "These documents are removed for good, with everything that is counted here and their"
        " originals. This cannot be undone."
    )
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

    @admin.action(description=_("Delete (can be restored)"), permissions=["manage"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        """Hide the chosen documents."""
        count = staff.hide_documents(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d deleted.") % {"count": count})

    @admin.action(description=_("Restore"), permissions=["manage"])
    def show(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        """Show the chosen documents again."""
        count = staff.show_documents(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d restored.") % {"count": count})


@admin.register(CollectionShare)
class CollectionShareAdmin(ReadOnlyAdmin):
    """Which group may use which collection."""

    linked_by = ("collection", "group")
    listed = False
    list_display = ("collection", "group", "access", "created_at")
    list_filter = ("access", "created_at")
    list_select_related = ("collection", "group")
    search_fields = ("collection__name", "group__name")


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    """Which bytes are kept, and how many; not what is in them."""

    listed = False
    list_display = ("sha256", "size", "created_at")
    list_filter = ("created_at",)
    search_fields = ("=sha256",)


@admin.register(DocumentVersion)
class DocumentVersionAdmin(ReadOnlyAdmin):
    """Which older versions are kept of which document; not what they say."""

    linked_by = ("document",)
    listed = False
    list_display = ("document", "number", "size", "passage_count", "since", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("document",)
    search_fields = ("document__title", "=document__id", "=sha256")


@admin.register(DocumentShare)
class DocumentShareAdmin(ReadOnlyAdmin):
    """Which group may read which document."""

    linked_by = ("document", "group")
    listed = False
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

    linked_by = ("document",)
    listed = False
    list_display = ("id", "document", "ordinal", "page", "start", "end")
    list_filter = ("document__status",)
    list_select_related = ("document",)
    search_fields = ("=id", "=document__id")
    fields = ("id", "document", "ordinal", "page", "start", "end")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Passage]:
        return Passage.objects.defer("text", "heading", "search").order_by("-pk")
