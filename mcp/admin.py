"""Staff pages of tool servers and tools; secrets are on none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline

from mcp import services
from mcp.enums import Transport
from mcp.models import Connection, GroupPolicy, Server, Tool
from mcp.services.tools import changes_of
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

    related_lists = (
        ("mcp.Tool", "server"),
        ("mcp.Connection", "server"),
    )
    list_display = ("slug", "title", "transport", "enabled", "status", "tool_count", "last_seen_at")
    list_filter = ("transport", "enabled", "status")
    search_fields = ("slug", "title")
    fields = (
        "slug",
        "title",
        "transport",
        "url",
        "authorization",
        "scope",
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
        fixed: list[str] = []
        if server is None or not server.url:
            fixed += ["url", "authorization", "scope"]
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

    @admin.action(description=_("Ask for the tools now"), permissions=["change"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Server]) -> None:
        """Discover the tools of the chosen servers that are not built in."""
        for server in queryset.filter(builtin=False):
            try:
                count = services.discover_server(server, actor=cast("User", request.user))
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


class AgreedFilter(admin.SimpleListFilter):
    """Tools that wait for somebody's agreement."""

    title = _("agreed")
    parameter_name = "agreed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("new or changed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tool]) -> QuerySet[Tool]:
        """The tools of the choice."""
        waiting = Tool.objects.awaiting_approval().values("pk")
        return queryset.filter(pk__in=waiting) if self.value() == "no" else queryset


@admin.register(Connection)
class ConnectionAdmin(KeptAdmin):
    """Who is connected where; tokens are on no page, and staff can only end a connection."""

    list_display = ("user", "server", "status", "created_at", "expires_at")
    list_filter = ("server", "status")
    list_select_related = ("user", "server")
    search_fields = ("user__username",)
    fields = ("user", "server", "status", "issuer", "resource", "scope", "created_at", "expires_at")
    readonly_fields = fields
    actions = ("end",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether ending is offered: the right to change connections, which have no form."""
        return cast("User", request.user).has_perm("mcp.change_connection")

    @admin.action(description=_("Disconnect"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Forget the tokens of the chosen connections, and give them back."""
        for connection in queryset:
            services.remove_connection(connection, actor=cast("User", request.user))


class GroupPolicyInline(TabularInline):
    """Stricter policies of groups."""

    model = GroupPolicy
    extra = 0
    fields = ("group", "policy", "approver")
    raw_id_fields = ("group",)


@admin.register(Tool)
class ToolAdmin(KeptAdmin):
    """Switches and policies; a changed tool is agreed to by an action."""

    related_lists = (("chat.ToolGrant", "tool"),)
    list_display = ("name", "enabled", "policy", "agreed", "missing_since")
    list_filter = (AgreedFilter, "server", "enabled", "policy")
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
        "changes",
        "missing_since",
        "created_at",
    )
    fields = (*readonly_fields, "enabled", "policy", "writes", "egress")
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
        wanted: dict[Any, dict[str, Any]] = {row.group: {"policy": None} for row in put_back}
        given = [*(row for row, _ in formset.changed_objects), *formset.new_objects]
        wanted |= {row.group: {"policy": row.policy, "approver": row.approver} for row in given}
        actor = cast("User", request.user)
        for group, said in wanted.items():
            services.set_group_policy(form.instance, group, **said, actor=actor)

    @admin.action(description=_("Agree to the tool as it is now"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Tool]) -> None:
        """Pin the form of the chosen tools that the list showed."""
        for tool in queryset:
            seen = request.POST.get(shown_form_name(tool), "")
            # Those of further pages were not seen.
            if seen != tool.schema_hash:
                changed = _("“%(tool)s” was not agreed to: it changed, or was not on this page.")
                self.message_user(request, changed % {"tool": tool.name}, messages.WARNING)
                continue
            services.update_tool(
                tool, approve_change=True, schema_hash=seen, actor=cast("User", request.user)
            )

    @admin.display(description="")
    def action_checkbox(self, obj: Tool) -> str:
        """The box that chooses a tool, with the form that the list shows of it."""
        box = super().action_checkbox(obj)
        shown = '{}<input type="hidden" name="{}" value="{}">'
        return format_html(shown, box, shown_form_name(obj), obj.schema_hash)

    @admin.display(description=_("agreed"), boolean=True)
    def agreed(self, tool: Tool) -> bool:
        """Whether the tool is unchanged since somebody agreed to it."""
        return not tool.needs_approval

    @admin.display(description=_("changed since somebody agreed"))
    def changes(self, tool: Tool) -> str:
        """The lines that changed, old ones with `-` and new ones with `+`."""
        if not tool.needs_approval:
            return "-"
        lines = changes_of(tool)
        if not lines:
            return str(_("It is new, or what was agreed to is not known: look at all of it."))
        return format_html("<pre>{}</pre>", "\n".join(lines))


def shown_form_name(tool: Tool) -> str:
    """The name of the field that tells which form of a tool was shown."""
    return f"shown_form_{tool.pk}"


def moved_rows(formset: Any) -> QuerySet[GroupPolicy]:
    """The policies, as they are stored, that the form gives to another group."""
    moved = [row.pk for row, fields in formset.changed_objects if "group" in fields]
    return GroupPolicy.objects.filter(pk__in=moved).select_related("group")
