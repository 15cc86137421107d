"""Staff pages of limits, and of what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from quotas import services
from quotas.enums import QuotaKind
from quotas.models import Quota, TokenUsage, UsageEvent
from youworker.core.admin import ReadOnlyAdmin, StaffAdmin

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest

    from accounts.models import User


@admin.register(Quota)
class QuotaAdmin(StaffAdmin):
    """Limits of users, of groups' members together, and of keys."""

    list_display = ("subject", *QuotaKind.values)
    list_select_related = ("user", "group", "api_key")
    search_fields = ("user__username", "group__name", "api_key__prefix")
    autocomplete_fields = ("user", "group", "api_key")
    actions = None

    @admin.display(description=_("of"), ordering="user__username")
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
        services.save_quota(obj, fields=form.changed_data, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        services.delete_quota(obj, actor=cast("User", request.user))


@admin.register(UsageEvent)
class UsageEventAdmin(ReadOnlyAdmin):
    """What was done, by whom and by what means."""

    linked_by = ("user",)
    list_display = (
        "created_at",
        "user",
        "api_key",
        "kind",
        "name",
        "outcome",
        "tokens_in",
        "tokens_out",
        "bytes",
        "duration_ms",
    )
    list_filter = ("kind", "outcome", "created_at")
    list_select_related = ("user", "api_key")
    search_fields = ("=user__username", "=api_key__prefix")
    ordering = ("-pk",)


@admin.register(TokenUsage)
class TokenUsageAdmin(ReadOnlyAdmin):
    """Tokens by user and day."""

    list_display = ("day", "user", "api_key", "tokens_in", "tokens_out")
    list_filter = ("day",)
    list_select_related = ("user", "api_key")
    search_fields = ("user__username", "api_key__prefix")
    ordering = ("-day", "-pk")
