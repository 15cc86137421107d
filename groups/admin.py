"""Staff pages of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet

from groups import quotas
from groups.models import Group, Membership, Quota
from youworker.common.admin import ReadOnlyAdmin, StaffAdmin

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest

    from accounts.models import User


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """Groups, deleted ones included; their members change them, through the API."""

    list_display = ("name", "member_count", "created_at", "deleted_at")
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


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who belongs where."""

    list_display = ("group", "user", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("group", "user")
    search_fields = ("group__name", "user__username")
    autocomplete_fields = ("group", "user")


@admin.register(Quota)
class QuotaAdmin(StaffAdmin):
    """Limits of users, of groups' members together, and of keys."""

    list_display = (
        "subject",
        "tokens_per_day",
        "tokens_per_month",
        "stored_bytes",
        "documents",
        "runs_at_once",
    )
    list_select_related = ("user", "group", "api_key")
    search_fields = ("user__username", "group__name", "api_key__prefix")
    autocomplete_fields = ("user", "group", "api_key")
    actions = None

    @admin.display(description="of", ordering="user__username")
    def subject(self, quota: Quota) -> str:
        """Whose quota it is."""
        return str(quota.user or quota.group or quota.api_key)

    def save_model(
        self,
        request: HttpRequest,
        obj: Quota,
        form: ModelForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        quotas.save_quota(obj, fields=form.changed_data, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        quotas.delete_quota(obj, actor=cast("User", request.user))
