"""Staff pages of limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin

from quotas import services
from quotas.enums import QuotaKind
from quotas.models import Quota
from youworker.common.admin import StaffAdmin

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
        services.save_quota(obj, fields=form.changed_data, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        services.delete_quota(obj, actor=cast("User", request.user))
