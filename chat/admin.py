"""Staff see that conversations happen and how they went; what was said, with a reason only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.enums import PrivateKind
from accounts.services import open_private
from chat import server_admin, services
from chat.models import (
    Attachment,
    Citation,
    Message,
    Run,
    Session,
    SessionCollection,
    Summary,
    SystemPrompt,
    ToolGrant,
    ToolRun,
)
from chat.services.system_prompts import LONGEST_PROMPT
from youworker.audit.staff_access import PrivateContentAdmin
from youworker.core.admin import ReadOnlyAdmin, StaffAdmin
from youworker.core.exceptions import DomainError, NotFound

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

# Pages of their own, which register themselves.
__all__ = ["server_admin"]


@transaction.atomic
def read_session(session: Session, *, reason: str, actor: User) -> list[tuple[str, str]]:
    """Note who reads a conversation and why, and give its messages.

    Raises `Forbidden`, and `NotFound` for a deleted one, which has to be restored first.
    """
    if session.is_deleted:
        raise NotFound("Not found.")
    open_private(
        session,
        kind=PrivateKind.SESSION,
        title=session.title,
        owner=session.user,
        reason=reason,
        actor=actor,
    )
    messages = Message.objects.filter(session=session).oldest_first()
    return [
        (f"{message.role}, {message.created_at:%Y-%m-%d %H:%M} UTC", message.content)
        for message in messages
    ]


@admin.register(Session)
class SessionAdmin(PrivateContentAdmin):
    """Conversations without their titles, deleted ones included."""

    linked_by = ("user",)
    related_lists = (
        ("chat.Message", "session"),
        ("chat.Run", "session"),
        ("chat.ToolRun", "session"),
    )
    read = staticmethod(read_session)
    owner_field = "user"
    list_display = ("id", "user", "model", "active_at", "archived_at", "deleted_at")
    list_filter = ("created_at", "active_at", "deleted_at", "enable_tools")
    list_select_related = ("user",)
    search_fields = ("=id", "user__username")
    fields = ("id", "user", "model", "enable_tools", "language", "active_at", "deleted_at")
    ordering = ("-active_at",)
    actions: ClassVar = ["hide", "show"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        rows: QuerySet[Session] = Session.all_objects.order_by(*self.ordering)
        return rows

    @admin.action(description=_("Delete (can be restored)"), permissions=["manage"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """Hide the chosen conversations, and end their answers."""
        for session in queryset.filter(deleted_at=None):
            services.delete_session(session, actor=cast("User", request.user))

    @admin.action(description=_("Restore"), permissions=["manage"])
    def show(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """Show the chosen conversations again."""
        for session in queryset.exclude(deleted_at=None):
            try:
                services.restore_session(session, actor=cast("User", request.user))
            except DomainError as error:
                self.message_user(request, f"{session}: {error.in_words()}", messages.WARNING)


class RatingFilter(admin.SimpleListFilter):
    """By what people thought of an answer; Django would read all messages for the choices."""

    title = _("rating")
    parameter_name = "rating"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Good")), ("-1", _("Bad")), ("0", _("Not rated"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        """The messages of the choice."""
        chosen = self.value()
        return queryset.filter(rating=int(chosen)) if chosen in {"1", "-1", "0"} else queryset


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Messages without their text."""

    linked_by = ("session", "run")
    related_lists = (
        ("chat.Citation", "message"),
        ("chat.Attachment", "message"),
    )
    list_display = ("id", "role", "model", "tokens_in", "tokens_out", "rating", "created_at")
    list_filter = ("role", RatingFilter, "created_at")
    search_fields = ("=id", "=session__id", "session__user__username")
    fields = ("id", "session", "role", "model", "tokens_in", "tokens_out", "rating", "created_at")
    ordering = ("-created_at",)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Runs with their figures."""

    linked_by = ("user", "session")
    related_lists = (
        ("chat.Message", "run"),
        ("chat.ToolRun", "run"),
    )
    list_display = ("id", "user", "status", "model", "ttft_ms", "error_code", "created_at")
    list_filter = ("status", "error_code", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=session__id", "user__username", "=correlation_id")
    fields = (
        "id",
        "user",
        "session",
        "status",
        "model",
        "iterations",
        "tokens_in",
        "tokens_out",
        "ttft_ms",
        "error_code",
        "correlation_id",
        "started_at",
        "finished_at",
    )
    ordering = ("-created_at",)
    actions = ("stop",)

    @admin.action(description=_("Stop selected answers"), permissions=["manage"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        """End answers that are in the making; their texts stay."""
        for run in queryset:
            try:
                services.stop_run(run)
            except DomainError as error:
                self.message_user(request, f"{run}: {error.in_words()}", messages.WARNING)


@admin.register(Citation)
class CitationAdmin(ReadOnlyAdmin):
    """Citations without their quotes."""

    linked_by = ("message", "document")
    listed = False
    list_display = ("id", "index", "title", "page", "supported", "created_at")
    list_filter = ("supported", "created_at")
    search_fields = ("=id", "=message__id", "=document__id", "title")
    fields = ("id", "message", "document", "passage", "index", "title", "page", "supported")
    ordering = ("-created_at",)


@admin.register(ToolRun)
class ToolRunAdmin(ReadOnlyAdmin):
    """Tool calls without arguments and results."""

    linked_by = ("user", "session", "run")
    list_display = ("id", "user", "tool_name", "status", "decision", "latency_ms", "created_at")
    list_filter = ("status", "decision", "reason", "tool_name", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=run__id", "user__username", "tool_name")
    fields = (
        *("id", "user", "session", "run", "message", "tool_name", "status", "latency_ms"),
        *("reason", "decision", "decided_by", "decided_at"),
    )
    ordering = ("-created_at",)


@admin.register(ToolGrant)
class ToolGrantAdmin(ReadOnlyAdmin):
    """What users allowed tools beyond one call; they end it themselves, or a tool's policy does."""

    listed = False
    list_display = ("id", "user", "tool", "session", "expires_at", "created_at")
    list_filter = ("tool", "expires_at", "created_at")
    list_select_related = ("user", "tool", "session")
    search_fields = ("=id", "user__username", "tool__name")
    fields = ("id", "user", "tool", "session", "tool_edition", "expires_at", "created_at")
    ordering = ("-created_at",)


@admin.register(Summary)
class SummaryAdmin(ReadOnlyAdmin):
    """Summaries without their text."""

    listed = False
    list_display = ("id", "model", "messages", "tokens_in", "tokens_out", "created_at")
    list_filter = ("created_at",)
    search_fields = ("=id", "=session__id", "=upto__id")
    fields = ("id", "session", "upto", "model", "messages", "tokens_in", "tokens_out")
    ordering = ("-created_at",)


class SystemPromptForm(forms.ModelForm[SystemPrompt]):
    """What every model is told."""

    content = forms.CharField(
        label=capfirst(_("text")),
        max_length=LONGEST_PROMPT,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "dir": "auto"}),
        help_text=_("Told to every model before all questions, instead of SYSTEM_PROMPT."),
    )

    class Meta:
        model = SystemPrompt
        fields = ("content",)


@admin.register(SystemPrompt)
class SystemPromptAdmin(StaffAdmin):
    """What every model is told before all questions; there is one."""

    form = SystemPromptForm
    list_display = ("id", "updated_at")
    actions = None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Write the first one, or change the one that is there."""
        if (prompt := SystemPrompt.objects.first()) is not None:
            return HttpResponseRedirect(reverse("admin:chat_systemprompt_change", args=[prompt.pk]))
        return cast("HttpResponse", super().add_view(request, form_url, extra_context))

    def save_model(
        self,
        request: HttpRequest,
        obj: SystemPrompt,
        form: ModelForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        services.save_system_prompt(obj, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: SystemPrompt) -> None:
        services.delete_system_prompt(obj, actor=cast("User", request.user))


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Files that came with questions, without their names."""

    linked_by = ("message",)
    listed = False
    list_display = ("id", "session", "message", "document", "mime", "created_at")
    list_filter = ("mime", "created_at")
    list_select_related = ("session", "message", "document")
    search_fields = ("=id", "=session__id", "=message__id", "=document__id")
    fields = ("id", "session", "message", "position", "document", "item", "mime", "created_at")
    ordering = ("-created_at",)


@admin.register(SessionCollection)
class SessionCollectionAdmin(ReadOnlyAdmin):
    """Which collection holds the files of which conversation."""

    listed = False
    list_display = ("id", "user", "session", "collection", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("user", "session", "collection")
    search_fields = ("=id", "=session__id", "=collection__id", "user__username")
    fields = ("id", "user", "session", "collection", "created_at")
    ordering = ("-created_at",)
