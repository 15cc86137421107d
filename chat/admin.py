"""Staff see that conversations happen and how they went; what was said, with a reason only."""

from __future__ import annotations

from django.contrib import admin

from chat.models import Citation, Message, Run, Session, ToolRun
from chat.private import read_session
from youworker.common.admin import ReadOnlyAdmin
from youworker.common.private import PrivateContentAdmin


@admin.register(Session)
class SessionAdmin(PrivateContentAdmin):
    """Conversations without their titles."""

    read = staticmethod(read_session)
    owner_field = "user"
    list_display = ("id", "user", "model", "active_at", "archived_at", "deleted_at")
    list_filter = ("active_at", "deleted_at", "enable_tools")
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

    list_display = ("id", "index", "title", "page", "supported", "created_at")
    list_filter = ("supported", "created_at")
    search_fields = ("=id", "=message__id", "=document__id", "title")
    fields = ("id", "message", "document", "passage", "index", "title", "page", "supported")
    ordering = ("-created_at",)


@admin.register(ToolRun)
class ToolRunAdmin(ReadOnlyAdmin):
    """Tool calls without arguments and results."""

    list_display = ("id", "user", "tool_name", "status", "latency_ms", "created_at")
    list_filter = ("status", "tool_name", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=run__id", "user__username", "tool_name")
    fields = ("id", "user", "session", "run", "message", "tool_name", "status", "latency_ms")
    ordering = ("-created_at",)
