"""The forms of the staff pages that ask for a password."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import (
    AdminOwnPasswordChangeForm,
    AdminPasswordChangeForm,
    AuthenticationForm,
    UserChangeForm,
    UserCreationForm,
)
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import services
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User


class StaffSignInForm(AuthenticationForm):
    """Name, password and, with a second factor, a code."""

    code = forms.CharField(
        required=False,
        max_length=64,
        label=_("Code"),
        help_text=_(
            "From your authenticator app, or a recovery code; empty without a second factor."
        ),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )
    # What the answer's status is taken from.
    refusal: DomainError | None = None
    user_cache: User | None

    def clean(self) -> dict[str, Any]:
        """Find out who this is, by the same rules as the API."""
        given: dict[str, Any] = self.cleaned_data
        try:
            if given.get("username") and given.get("password"):
                self.user_cache = services.check_credentials(**given)
        except DomainError as error:
            self.refusal = error
            raise forms.ValidationError(error.in_words(), code=error.code) from error
        if self.user_cache is not None:
            self.confirm_login_allowed(self.user_cache)
        return given


def word_password_choice(field: forms.Field | None, help_text: StrOrPromise) -> None:
    """Word the choice whether somebody has a password; Django has no Italian for it."""
    if field is None:
        return
    field.label, field.help_text = gettext("Signs in with a password"), help_text
    choices = [("true", gettext("Yes")), ("false", gettext("No"))]
    cast("forms.ChoiceField", field).choices = choices
    cast("forms.RadioSelect", field.widget).choices = choices


class NewPersonForm(UserCreationForm):
    """A user as staff make them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_password_choice(
            self.fields.get("usable_password"),
            gettext("Without a password, they sign in by the identity provider only."),
        )


class OthersPasswordForm(AdminPasswordChangeForm):
    """The password of somebody else, set or taken away by staff."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_password_choice(
            self.fields.get("usable_password"),
            gettext("With “No”, the present password is lost; the identity provider remains."),
        )


class PersonForm(UserChangeForm):
    """A user as staff change them, by the same rules as they do themselves."""

    def clean_time_zone(self) -> str:
        """An IANA name such as Europe/Rome; with any other no question is answered."""
        given: str = self.cleaned_data["time_zone"]
        if given not in zoneinfo.available_timezones():
            raise forms.ValidationError(gettext("This is not a time zone."))
        return given


class StaffPasswordForm(AdminOwnPasswordChangeForm):
    """The own password, changed by somebody who knows it."""

    user: User

    def clean_old_password(self) -> str:
        """The present password; guesses at it are counted as at the sign-in page."""
        given: str = self.cleaned_data["old_password"]
        try:
            if services.password_matches(self.user, given):
                return given
        except DomainError as error:
            raise forms.ValidationError(error.in_words(), code=error.code) from error
        raise forms.ValidationError(
            self.error_messages["password_incorrect"], code="password_incorrect"
        )
