"""Staff see that conversations happen and how they went; what was said, with a reason only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import transaction

from accounts.enums import PrivateKind
from accounts.services import open_private
from chat.models import Citation, Message, Run, Session, ToolGrant, ToolRun
from youworker.audit.staff_access import PrivateContentAdmin
from youworker.core.admin import ReadOnlyAdmin

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def read_session(session: Session, *, reason: str, actor: User) -> list[tuple[str, str]]:
    """Note who reads a conversation and why, and give its messages; raises `Forbidden`."""
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
    """Conversations without their titles."""

    read = staticmethod(read_session)
    owner_field = "user"
    list_display = ("id", "user", "model", "active_at", "archived_at", "deleted_at")
    list_filter = ("created_at", "active_at", "deleted_at", "enable_tools")
    list_select_related = ("user",)
    search_fields = ("=id", "user__username")
    fields = ("id", "user", "model", "enable_tools", "language", "active_at", "deleted_at")
    ordering = ("-active_at",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Messages without their text."""

    list_display = ("id", "role", "model", "tokens_in", "tokens_out", "rating", "created_at")
    list_filter = ("role", "rating", "created_at")
    search_fields = ("=id", "=session__id", "session__user__username")
    fields = ("id", "session", "role", "model", "tokens_in", "tokens_out", "rating", "created_at")
    ordering = ("-created_at",)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Runs with their figures."""

    list_display = ("id", "user", "status", "model", "ttft_ms", "error_code", "created_at")
    list_filter = ("status", "error_code", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=session__id", "user__username", "correlation_id")
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


@admin.register(Citation)
class CitationAdmin(ReadOnlyAdmin):
    """Citations without their quotes."""

    listed = False
    list_display = ("id", "index", "title", "page", "supported", "created_at")
    list_filter = ("supported", "created_at")
    search_fields = ("=id", "=message__id", "=document__id", "title")
    fields = ("id", "message", "document", "passage", "index", "title", "page", "supported")
    ordering = ("-created_at",)


@admin.register(ToolRun)
class ToolRunAdmin(ReadOnlyAdmin):
    """Tool calls without arguments and results."""

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
    list_select_related = ("user", "tool")
    search_fields = ("=id", "user__username", "tool__name")
    fields = ("id", "user", "tool", "session", "tool_edition", "expires_at", "created_at")
    ordering = ("-created_at",)
