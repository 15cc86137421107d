"""The forms of the staff pages that ask for a password."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
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
    from django.contrib.auth.models import Permission
    from django_stubs_ext import StrOrPromise

    from accounts.models import User


ACTS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("look up")}
# Django stores the name of this one as `accounts.models` has it.
READ_PRIVATE = gettext_noop("Can read private content with a reason")


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


def offer_rights(field: Any, person: User) -> None:
    """Offer the rights on what the console shows, in words; what somebody has already stays."""
    shown = ContentType.objects.get_for_models(*admin.site._registry).values()  # noqa: SLF001
    present = person.user_permissions.values("pk") if person.pk else []
    field.queryset = field.queryset.filter(Q(content_type__in=shown) | Q(pk__in=present))
    field.label_from_instance = right_in_words


def right_in_words(permission: Permission) -> str:
    """What a permission of Django's is called."""
    model = permission.content_type.model_class()
    act = permission.codename.partition("_")[0]
    if model is None or act not in ACTS:
        return f"{permission.content_type} | {gettext(permission.name)}"
    return f"{permission.content_type.app_labeled_name}: {ACTS[act]}"


class PersonForm(UserChangeForm):
    """A user as staff change them, by the same rules as they do themselves."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if rights := self.fields.get("user_permissions"):
            offer_rights(rights, self.instance)

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
