"""The own profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.pages.forms import ProfileForm
from accounts.services import update_profile
from youworker.core.pages.base import FormPage, Page, answer_done
from youworker.core.pages.context import keep_preference

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class AccountPage(Page):
    """The address of the account: leads to its first page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Go on to the profile."""
        return HttpResponseRedirect(reverse("account-profile"))


class ProfilePage(FormPage[ProfileForm]):
    """Name, address, language and time zone."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"
    extra_context = {"section": "account", "tab": "profile"}

    def get_form_kwargs(self) -> dict[str, Any]:
        # Read again: the form changes the object, which the page's menu shows as well.
        return {**super().get_form_kwargs(), "instance": User.objects.get(pk=self.actor.pk)}

    def carry_out(self, form: ProfileForm) -> HttpResponse:
        """Store what changed."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        update_profile(self.actor, **changes, actor=self.actor)
        language = form.cleaned_data["language"]
        with translation.override(language):
            answer = answer_done(self.request, _("Your profile is stored."), reverse("account"))
        keep_preference(answer, settings.LANGUAGE_COOKIE_NAME, language)
        return answer
