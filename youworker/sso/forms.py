"""What the sign-in page asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import code_field, password_field

LONGEST_NAME = 150


class PasswordForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = password_field(_("Password"), autocomplete="current-password")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Whoever was refused only has the password to give again.
        if self.data.get("username"):
            del self.fields["username"].widget.attrs["autofocus"]
            self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(forms.Form):
    """A code of the second factor, from somebody who just gave their password."""

    proof = forms.CharField(max_length=500, widget=forms.HiddenInput)
    code = code_field(
        autofocus=True,
        help_text=_("From your authenticator app, or one of your recovery codes."),
    )
