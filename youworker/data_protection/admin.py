"""Erasing people from the admin: the page of people, with one action more."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.models import User
from youworker.core.exceptions import DomainError
from youworker.core.purging_admin import Choice, confirm_page, is_confirmed
from youworker.data_protection.erasures import request_erasure

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

admin.site.unregister(User)


@admin.register(User)
class PeopleAdmin(UserAdmin):
    """People, with their erasure, which superusers decide about."""

    actions = (*(UserAdmin.actions or ()), "erase_everywhere")  # type: ignore[assignment]

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Whether erasing is offered."""
        return bool(request.user.is_superuser)

    @admin.action(description=_("Erase everywhere…"), permissions=["erase"])
    def erase_everywhere(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        """Ask once more, then close the accounts and queue their removal."""
        if is_confirmed(request):
            for user in queryset:
                self.erase_person(request, user)
            return None
        title = gettext("Erase everywhere")
        warning = gettext(
            "These accounts are closed at once, and everything of theirs is removed for good."
            " Documents that groups use pass to an admin of the group. This cannot be undone."
        )
        people = [Choice(user, [user.shown_name]) for user in queryset]
        return confirm_page(
            self,
            request,
            people,
            action="erase_everywhere",
            title=title,
            warning=warning,
            button=title,
        )

    def erase_person(self, request: HttpRequest, user: User) -> None:
        """Queue one removal, and say how that went."""
        try:
            erasure = request_erasure(user, actor=cast("User", request.user))
        except DomainError as error:
            self.message_user(request, f"{user}: {error.in_words()}", messages.ERROR)
        else:
            said = gettext("%(user)s: the account is closed; erasure: %(status)s.") % {
                "user": user,
                "status": erasure.get_status_display(),
            }
            self.message_user(request, said, messages.SUCCESS)
