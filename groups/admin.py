"""Staff pages of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups import retention
from groups.models import Group, LegalHold, Membership, ServiceAccount
from groups.services import staff
from youworker.core.admin import KeptAdmin, ReadOnlyAdmin
from youworker.core.purging_admin import PurgingAdmin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest

    from accounts.models import User


class ManagedFilter(admin.SimpleListFilter):
    """Groups that nobody can manage, because their admins left."""

    title = _("active admin")
    parameter_name = "managed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> QuerySet[Group]:
        """The groups of the choice."""
        orphaned = Group.objects.without_admin().values("pk")
        return queryset.filter(pk__in=orphaned) if self.value() == "no" else queryset


@admin.register(Group)
class GroupAdmin(PurgingAdmin):
    """Groups, deleted ones included; their admins change them, through the API.

    Staff say how long conversations are kept.
    """

    removable = staticmethod(staff.removable_groups)
    remove = staticmethod(staff.purge_groups)
    purge_warning = _(
        "These groups are removed for good, with everything that is counted here; the accounts of"
        " their programs end. What was shared with them stays with its owners. This cannot be"
        " undone."
    )
    related_lists = (
        ("groups.Membership", "group"),
        ("documents.CollectionShare", "group"),
        ("documents.DocumentShare", "group"),
    )
    list_display = ("name", "member_count", "retention_days", "created_at", "deleted_at")
    list_filter = (ManagedFilter, "deleted_at", "created_at")
    search_fields = ("name", "id")
    readonly_fields = (
        "id",
        "name",
        "description",
        "member_count",
        "created_at",
        "updated_at",
        "deleted_at",
    )
    fields = (*readonly_fields, "retention_days")
    actions: ClassVar = ["hide", "show", "appoint", "purge"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        rows: QuerySet[Group] = Group.all_objects.all().with_member_count().sorted_by("name")
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_manage_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Change the one field that may be changed here."""
        actor = cast("User", request.user)
        retention.set_retention(obj, form.cleaned_data["retention_days"], actor=actor)

    @admin.display(description=_("members"), ordering="member_count")
    def member_count(self, group: Any) -> str:
        """How many belong to the group, with a link to who they are."""
        page = reverse("admin:groups_membership_changelist")
        return format_html(
            '<a href="{}?group__id__exact={}">{}</a>', page, group.pk, group.member_count
        )

    @admin.action(description=_("Delete (can be restored)"), permissions=["manage"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        """Hide the chosen groups with what is shared with them."""
        count = staff.hide_groups(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d deleted.") % {"count": count})

    @admin.action(description=_("Restore"), permissions=["manage"])
    def show(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        """Show the chosen groups again, where the name is free and somebody can manage them."""
        count = staff.show_groups(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d restored.") % {"count": count})

    @admin.action(description=_("Appoint an admin where none is active"), permissions=["manage"])
    def appoint(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        """Make the longest active member an admin of a group without an active one."""
        count = staff.appoint_admins(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d appointed.") % {"count": count})


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who belongs where."""

    listed = False
    list_display = ("group", "user", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("group", "user")
    search_fields = ("group__name", "user__username")
    autocomplete_fields = ("group", "user")
    linked_by = ("group", "user")


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ReadOnlyAdmin):
    """Users of programs, those that were removed included."""

    list_display = ("name", "group", "user", "created_by", "created_at", "ended_at")
    list_filter = ("created_at", "ended_at")
    list_select_related = ("group", "user", "created_by")
    search_fields = ("user__display_name", "user__username", "group__name")
    fields = ("id", "name", "group", "user", "created_by", "created_at", "ended_at")
    actions: ClassVar = ["end"]

    @admin.display(description=_("name"), ordering="user__display_name")
    def name(self, account: ServiceAccount) -> str:
        """What its group calls it."""
        return account.name

    @admin.action(description=_("End, with the keys"), permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[ServiceAccount]) -> None:
        """End the chosen service accounts for good."""
        count = staff.end_service_accounts(queryset, actor=cast("User", request.user))
        messages.success(request, gettext("%(count)d ended.") % {"count": count})


@admin.register(LegalHold)
class LegalHoldAdmin(KeptAdmin):
    """What may not be removed for good; placed here, and lifted by the action."""

    list_display = ("id", "user", "group", "set_by", "created_at", "released_at")
    list_filter = ("released_at", "created_at")
    list_select_related = ("user", "group", "set_by")
    search_fields = ("user__username", "group__name", "reason")
    fields = ("user", "group", "reason")
    autocomplete_fields = ("user", "group")
    actions = ("release",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff and super(KeptAdmin, self).has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Place the hold."""
        actor = cast("User", request.user)
        obj.pk = retention.place_hold(
            user=obj.user, group=obj.group, reason=obj.reason, actor=actor
        ).pk

    @admin.action(description=_("Lift the selected holds"), permissions=["add"])
    def release(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        """Let erasures and purges go on."""
        for hold in queryset:
            retention.release_hold(hold, actor=cast("User", request.user))
        self.message_user(request, gettext("The holds were lifted."), messages.SUCCESS)
