"""Staff pages of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.db.models import Count, QuerySet

from groups import retention
from groups.models import Group, LegalHold, Membership
from youworker.common.admin import KeptAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest

    from accounts.models import User


@admin.register(Group)
class GroupAdmin(KeptAdmin):
    """Groups, deleted ones included; staff only say how long conversations are kept."""

    list_display = ("name", "member_count", "retention_days", "created_at", "deleted_at")
    readonly_fields = ("name", "description", "created_at", "deleted_at")
    list_filter = ("deleted_at", "created_at")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        everything: Any = Group.all_objects
        found: QuerySet[Group] = everything.annotate(member_count=Count("memberships"))
        return found.order_by("name", "pk")

    @admin.display(description="members", ordering="member_count")
    def member_count(self, group: Any) -> int:
        """How many people belong to the group."""
        return int(group.member_count)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Change the one field that may be changed here."""
        actor = cast("User", request.user)
        retention.set_retention(obj, form.cleaned_data["retention_days"], actor=actor)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who belongs where."""

    list_display = ("group", "user", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("group", "user")
    search_fields = ("group__name", "user__username")
    autocomplete_fields = ("group", "user")


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

    @admin.action(description="Lift the selected holds", permissions=["add"])
    def release(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        """Let erasures and purges go on."""
        for hold in queryset:
            retention.release_hold(hold, actor=cast("User", request.user))
        self.message_user(request, "The holds were lifted.", messages.SUCCESS)
