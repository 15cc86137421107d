"""Staff pages of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, QuerySet

from groups.models import Group, Membership
from youworker.common.admin import ReadOnlyAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest


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
