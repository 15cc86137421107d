"""Staff pages of people and keys; no page shows a secret or its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group as PermissionGroup
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.forms import NewPersonForm, OthersPasswordForm, PersonForm
from accounts.models import (
    ApiKey,
    Authenticator,
    DataExport,
    Erasure,
    LinkedIdentity,
    PrivateAccess,
    SignIn,
    User,
)
from accounts.services.keys import KEY_PREFIX, SHOWN_CHARACTERS
from accounts.services.sessions import device_name
from youworker.core.admin import ReadOnlyAdmin, StaffAdmin
from youworker.core.exceptions import Conflict

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse

# Rights come from our own groups and the staff flags.
admin.site.unregister(PermissionGroup)


def acting(request: HttpRequest) -> User:
    """The member of staff behind a request; the site lets nobody else in."""
    return cast("User", request.user)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, StaffAdmin):  # type: ignore[misc]
    """People who can sign in."""

    related_lists = (
        ("groups.Membership", "user"),
        ("accounts.ApiKey", "user"),
        ("accounts.SignIn", "user"),
        ("chat.Session", "user"),
        ("chat.Run", "user"),
        ("chat.ToolRun", "user"),
        ("chat.ToolGrant", "user"),
        ("documents.Document", "owner"),
        ("ingestion.IngestionRun", "owner"),
        ("quotas.UsageEvent", "user"),
    )
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = OthersPasswordForm
    list_display = ("username", "display_name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "language")
    search_fields = ("username", "display_name", "email")
    readonly_fields = ("id", "last_login", "date_joined")
    filter_horizontal = ("user_permissions",)
    fieldsets = (
        (None, {"fields": ("id", "username", "password")}),
        (_("Profile"), {"fields": ("display_name", "email", "language", "time_zone")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    actions = ("remove_second_factor", "end_sessions")

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:  # noqa: FBT001
        """Store a user; one who lost a right is signed out everywhere."""
        if change:
            services.update_user(obj, fields=form.changed_data, actor=acting(request))
        else:
            services.create_user(obj, actor=acting(request))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Set somebody's password; the own one is asked for on a page of its own."""
        # One id has many spellings.
        user = self.get_object(request, id)
        if user == acting(request):
            return redirect("admin:password_change")
        answer = super().user_change_password(request, id, form_url)
        # A page that did not do what it was asked shows itself, or leads back to itself.
        if answer.get("Location", request.get_full_path()) != request.get_full_path():
            services.record_password(cast("User", user), actor=acting(request))
        return answer

    @admin.action(description=_("Remove the second factor"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Help people who lost their phone and their codes."""
        for user in self.changeable(request, queryset):
            if user == acting(request):
                said = gettext("Your own is removed on the page of your account.")
                self.message_user(request, said, messages.WARNING)
                continue
            try:
                services.remove_second_factor(user, actor=acting(request))
            except Conflict as error:
                self.message_user(request, f"{user}: {error.in_words()}", messages.WARNING)
            else:
                self.message_user(
                    request, gettext("%(user)s: removed.") % {"user": user}, messages.SUCCESS
                )

    @admin.action(description=_("End all sessions"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign people out everywhere."""
        for user in self.changeable(request, queryset):
            ended = services.end_sessions(user, actor=acting(request))
            said = ngettext(
                "%(user)s: %(count)d session ended.", "%(user)s: %(count)d sessions ended.", ended
            )
            said %= {"user": user, "count": ended}
            self.message_user(request, said, messages.SUCCESS)

    def changeable(self, request: HttpRequest, users: QuerySet[User]) -> list[User]:
        """Those of the selected users whom this member of staff may change."""
        return [user for user in users if self.has_change_permission(request, user)]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser decides who may do more than others."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fields
        return (*fields, "is_staff", "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody gives a program a password, nor staff somebody who may do more another one."""
        if obj is not None and (obj.is_service or not services.outranks(acting(request), obj)):
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are erased as a whole, never row by row."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys: who has which, and since when it was not used."""

    linked_by = ("user",)
    list_display = ("prefix", "name", "user", "expires_at", "revoked_at", "last_used_at")
    list_filter = ("revoked_at", "expires_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("prefix", "name", "user__username")
    # Choices of other forms are pages of this list.
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("revoke",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Search for a leaked key without keeping it: the address is cut to the prefix."""
        wanted = request.GET.get("q", "").strip()
        if wanted.startswith(KEY_PREFIX) and len(wanted) > SHOWN_CHARACTERS:
            query = request.GET.copy()
            query["q"] = wanted[:SHOWN_CHARACTERS]
            return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
        page: HttpResponse = super().changelist_view(request, extra_context)
        return page

    @admin.action(description=_("Revoke the selected keys"), permissions=["manage"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the selected keys at once."""
        for key in queryset:
            services.revoke_api_key(key, actor=acting(request))
        self.message_user(request, gettext("The keys were revoked."), messages.SUCCESS)


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    """Sessions: who is signed in, how and from where."""

    linked_by = ("user",)
    list_display = ("user", "method", "address", "device", "created_at", "last_seen_at")
    list_filter = ("method", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "address")
    fields = ("user", "method", "address", "user_agent", "created_at", "last_seen_at")
    actions = ("end",)

    @admin.display(description=_("browser"), ordering="user_agent")
    def device(self, row: SignIn) -> str:
        """What people call the browser."""
        return device_name(row.user_agent)

    @admin.action(description=_("End the selected sessions"), permissions=["manage"])
    def end(self, request: HttpRequest, queryset: QuerySet[SignIn]) -> None:
        """End the selected sessions at once."""
        for row in queryset:
            services.end_session(row, actor=acting(request))
        self.message_user(request, gettext("The sessions were ended."), messages.SUCCESS)


@admin.register(DataExport)
class DataExportAdmin(ReadOnlyAdmin):
    """Copies of people's data: that they were made, never what is in them."""

    list_display = ("id", "user", "status", "bytes", "attempts", "created_at", "expires_at")
    list_filter = ("status", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "user__username")
    exclude = ("lease_token", "lease_suspected_at")


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Removals of users, known by their pseudonyms only."""

    list_display = ("subject", "status", "attempts", "error_code", "created_at", "finished_at")
    list_filter = ("status", "created_at")
    search_fields = ("=subject",)
    exclude = ("lease_token", "lease_suspected_at")


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has a second factor; its secrets are not shown."""

    list_display = ("user", "kind", "created_at", "last_used_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "kind", "created_at", "last_used_at")


@admin.register(LinkedIdentity)
class LinkedIdentityAdmin(ReadOnlyAdmin):
    """Who signs in from where."""

    list_display = ("user", "issuer", "subject", "created_at")
    list_filter = ("issuer", "created_at")
    list_select_related = ("user",)
    search_fields = ("subject", "user__username")
    fields = ("user", "issuer", "subject", "created_at")


@admin.register(PrivateAccess)
class PrivateAccessAdmin(ReadOnlyAdmin):
    """Who opened what of whom; the reason is on the page of one access."""

    list_display = ("created_at", "reader", "owner", "kind", "object_id")
    list_filter = ("kind", "created_at")
    list_select_related = ("reader", "owner")
    search_fields = ("=object_id", "reader__username", "owner__username")
    # The title is private to the owner.
    fields = ("id", "created_at", "reader", "owner", "kind", "object_id", "reason")
    ordering = ("-created_at",)
