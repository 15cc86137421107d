"""Staff see that conversations happen and how they went; what was said, with a reason only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.enums import PrivateKind
from accounts.services import open_private
from chat import evaluation_admin, prompt_admin, server_admin, services
from chat.deletion import purge_sessions, removable_sessions
from chat.grants import revoke_grants
from chat.models import (
    Attachment,
    Citation,
    Message,
    Run,
    Session,
    SessionCollection,
    Summary,
    ToolGrant,
    ToolRun,
)
from youworker.audit.staff_access import PrivateContentAdmin
from youworker.core.admin import ReadOnlyAdmin
from youworker.core.exceptions import DomainError, NotFound
from youworker.core.purging_admin import PurgingAdmin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User

# Pages of their own, which register themselves.
__all__ = ["evaluation_admin", "prompt_admin", "server_admin"]


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
        (f"{message.get_role_display()}, {moment_of(message)}", message.content)
        for message in messages
    ]


def moment_of(message: Message) -> str:
    """When something was said, in the language and the time zone of whoever reads it."""
    return date_format(localtime(message.created_at), "DATETIME_FORMAT")


@admin.register(Session)
class SessionAdmin(PurgingAdmin, PrivateContentAdmin):
    """Conversations without their titles, deleted ones included."""

    removable = staticmethod(removable_sessions)
    remove = staticmethod(purge_sessions)
    purge_warning = _(
        "These conversations are removed for good, with everything that is counted here and the"
        " files of their questions. This cannot be undone."
    )
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
    actions: ClassVar = ["hide", "show", "purge"]

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
    list_display = (
        *("id", "user", "tool_name", "status", "error_code", "decision", "latency_ms"),
        "created_at",
    )
    list_filter = ("status", "error_code", "decision", "reason", "tool_name", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=run__id", "user__username", "tool_name")
    fields = (
        *("id", "user", "session", "run", "message", "tool_name", "status", "error_code"),
        *("latency_ms", "reason", "decision", "decided_by", "decided_at"),
    )
    ordering = ("-created_at",)


@admin.register(ToolGrant)
class ToolGrantAdmin(ReadOnlyAdmin):
    """What users allowed tools beyond one call; they end it themselves, or staff do."""

    linked_by = ("user", "tool")
    listed = False
    actions = ("revoke",)
    list_display = ("id", "user", "tool", "session", "expires_at", "created_at")
    list_filter = ("tool", "expires_at", "created_at")
    list_select_related = ("user", "tool", "session")
    search_fields = ("=id", "user__username", "tool__name")
    fields = ("id", "user", "tool", "session", "tool_edition", "expires_at", "created_at")
    ordering = ("-created_at",)

    @admin.action(description=_("Revoke: the next call asks again"), permissions=["manage"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ToolGrant]) -> None:
        """End the chosen allowances at once."""
        count = revoke_grants(queryset, actor=cast("User", request.user))
        self.message_user(request, gettext("%(count)d revoked.") % {"count": count})


@admin.register(Summary)
class SummaryAdmin(ReadOnlyAdmin):
    """Summaries without their text."""

    listed = False
    list_display = ("id", "model", "messages", "tokens_in", "tokens_out", "created_at")
    list_filter = ("created_at",)
    search_fields = ("=id", "=session__id", "=upto__id")
    fields = ("id", "session", "upto", "model", "messages", "tokens_in", "tokens_out")
    ordering = ("-created_at",)


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
