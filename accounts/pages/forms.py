"""What the account's pages ask for."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import Language, Scope
from accounts.fields import code_field, password_field
from accounts.models import User


class ProfileForm(forms.ModelForm[User]):
    """What people may change about themselves."""

    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"))

    class Meta:
        model = User
        fields = ("display_name", "email", "language", "time_zone")
        labels = {"display_name": _("Name others see"), "email": _("E-mail address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones: Any = self.fields["time_zone"]
        zones.choices = [(name, name.replace("_", " ")) for name in zone_names()]


def zone_names() -> list[str]:
    """The zones people live in, without the names that only machines use."""
    known = zoneinfo.available_timezones()
    return sorted(name for name in known if name == "UTC" or ("/" in name and "Etc/" not in name))


class PasswordForm(forms.Form):
    """The present password and the one to come, twice."""

    current_password = password_field(_("Present password"), autocomplete="current-password")
    new_password = password_field(_("New password"), autocomplete="new-password")
    repeated = password_field(_("New password again"), autocomplete="new-password")

    def clean(self) -> dict[str, Any]:
        """Both spellings of the new password must agree."""
        given: dict[str, Any] = self.cleaned_data
        if given.get("new_password") != given.get("repeated"):
            self.add_error("repeated", _("The two passwords are not the same."))
        return given


class BeginTotpForm(forms.Form):
    """The password, for a session that did not begin just now."""

    password = password_field(_("Password"), autocomplete="current-password", required=False)


class CodeForm(forms.Form):
    """A code of the authenticator app."""

    code = code_field()


class ProofForm(forms.Form):
    """The password, or a code of the second factor."""

    password = password_field(_("Password"), autocomplete="current-password", required=False)
    code = code_field(required=False, help_text=_("Instead of the password, if you prefer."))

    def clean(self) -> dict[str, Any]:
        """One of both is needed."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if not given and not self.errors:
            raise forms.ValidationError(_("Give your password or a code."))
        return given


SCOPE_WORDS = {
    Scope.CHAT: _("Ask questions and read conversations"),
    Scope.DOCUMENTS_READ: _("Read and search documents"),
    Scope.DOCUMENTS_WRITE: _("Add, change and delete documents"),
    Scope.TOOLS: _("Use tools"),
    Scope.ACCOUNT: _("Read and change your account and groups"),
    Scope.ADMIN: _("Administer this installation"),
}


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What the key is for, as “laptop”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Without one, the key works until it is revoked."),
    )
    allowed_networks = forms.CharField(
        label=_("Works only from"),
        required=False,
        max_length=2500,
        help_text=_("Addresses or networks such as 10.0.0.0/8, separated by blanks."),
    )

    def __init__(self, *args: Any, scopes: list[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["scopes"]
        choices.choices = [(scope.value, SCOPE_WORDS[scope]) for scope in scopes]

    def wish(self) -> dict[str, Any]:
        """The key, as the service takes it; it works through the whole of its last day."""
        given = self.cleaned_data
        last = given["expires_on"]
        ends = datetime.combine(last, time.max, timezone.get_current_timezone()) if last else None
        return {"name": given["name"], "scopes": given["scopes"], "expires_at": ends}

    def networks(self) -> list[str]:
        """The networks that were named."""
        return str(self.cleaned_data["allowed_networks"]).replace(",", " ").split()
