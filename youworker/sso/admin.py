"""Staff pages of links to outside identities; allauth's pages of secrets and tokens are gone."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin

from youworker.common.admin import ReadOnlyAdmin

for model in (SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Who signs in from where."""

    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_filter = ("provider", "date_joined")
    list_select_related = ("user",)
    search_fields = ("uid", "user__username")
    fields = ("user", "provider", "uid", "date_joined", "last_login")
