"""Staff pages of tool servers and tools; secrets are on none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline

from mcp import services
from mcp.enums import Transport
from mcp.models import GroupPolicy, Server, Tool
from youworker.core.admin import KeptAdmin
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest

    from accounts.models import User


@admin.register(Server)
class ServerAdmin(KeptAdmin):
    """Servers are added by the API or the console, which check what is allowed."""

    list_display = ("slug", "title", "transport", "enabled", "status", "tool_count", "last_seen_at")
    list_filter = ("transport", "enabled", "status")
    search_fields = ("slug", "title")
    fields = (
        "slug",
        "title",
        "transport",
        "url",
        "base_url",
        "enabled",
        "builtin",
        "status",
        "last_error",
        "faults",
        "last_seen_at",
        "created_at",
    )
    readonly_fields = (
        "slug",
        "transport",
        "builtin",
        "status",
        "last_error",
        "faults",
        "last_seen_at",
        "created_at",
    )
    actions = ("refresh",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Server]:
        return Server.objects.with_tool_count().by_slug()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        server = cast("Server | None", obj)
        fixed = [] if server is not None and server.url else ["url"]
        if server is None or server.transport != Transport.OPENAPI:
            fixed.append("base_url")
        return (*self.readonly_fields, *fixed)

    def save_model(
        self,
        request: HttpRequest,
        obj: Server,
        form: ModelForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.update_server(obj, **changes, actor=cast("User", request.user))

    @admin.action(description=_("Ask for the tools now"))
    def refresh(self, request: HttpRequest, queryset: QuerySet[Server]) -> None:
        """Discover the tools of the chosen servers that are not built in."""
        for server in queryset.filter(builtin=False):
            try:
                count = services.discover_server(server)
            except DomainError as error:
                self.message_user(request, error.in_words(), "error")
            else:
                found = ngettext("%(count)d tool", "%(count)d tools", count) % {"count": count}
                self.message_user(request, f"{server.slug}: {found}")

    @admin.display(description=_("tools with faults"))
    def faults(self, server: Server) -> str:
        """Each tool that is left out or lost something, with the reason."""
        lines = ((f"{one['tool']}: {one['reason']}",) for one in server.tool_faults)
        return format_html_join("", "<div>{}</div>", lines) or "-"

    @admin.display(description=_("tools"), ordering="tool_count")
    def tool_count(self, server: Server) -> int:
        """How many tools it has now."""
        return server.tool_count


class GroupPolicyInline(TabularInline):
    """Stricter policies of groups."""

    model = GroupPolicy
    extra = 0
    fields = ("group", "policy")
    raw_id_fields = ("group",)


@admin.register(Tool)
class ToolAdmin(KeptAdmin):
    """Switches and policies; a changed tool is agreed to by an action."""

    list_display = ("name", "enabled", "policy", "agreed", "missing_since")
    list_filter = ("server", "enabled", "policy")
    list_select_related = ("server",)
    search_fields = ("name", "description")
    readonly_fields = (
        "name",
        "safe_name",
        "server",
        "description",
        "input_schema",
        "effects",
        "agreed",
        "missing_since",
        "created_at",
    )
    fields = (*readonly_fields, "enabled", "policy")
    inlines = (GroupPolicyInline,)
    actions = ("approve",)

    def save_model(
        self,
        request: HttpRequest,
        obj: Tool,
        form: ModelForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.update_tool(obj, **changes, actor=cast("User", request.user))

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm,
        formset: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        formset.save(commit=False)
        put_back = [*formset.deleted_objects, *moved_rows(formset)]
        wanted = {row.group: None for row in put_back}
        given = [*(row for row, _ in formset.changed_objects), *formset.new_objects]
        wanted |= {row.group: row.policy for row in given}
        actor = cast("User", request.user)
        for group, policy in wanted.items():
            services.set_group_policy(form.instance, group, policy=policy, actor=actor)

    @admin.action(description=_("Agree to the tool as it is now"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Tool]) -> None:
        """Pin the present form of the chosen tools."""
        for tool in queryset:
            services.update_tool(tool, approve_change=True, actor=cast("User", request.user))

    @admin.display(description=_("agreed"), boolean=True)
    def agreed(self, tool: Tool) -> bool:
        """Whether the tool is unchanged since somebody agreed to it."""
        return not tool.needs_approval


def moved_rows(formset: Any) -> QuerySet[GroupPolicy]:
    """The policies, as they are stored, that the form gives to another group."""
    moved = [row.pk for row, fields in formset.changed_objects if "group" in fields]
    return GroupPolicy.objects.filter(pk__in=moved).select_related("group")
