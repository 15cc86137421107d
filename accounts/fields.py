"""Fields of forms that ask who somebody is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.types import LONGEST_CODE, LONGEST_PASSWORD


def password_field(label: Any, *, autocomplete: str, **options: Any) -> forms.CharField:
    """A field for a password, which is taken as it is typed."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=LONGEST_PASSWORD, strip=False, widget=widget, **options
    )


def code_field(*, autofocus: bool = False, **options: Any) -> forms.CharField:
    """A field for a code of the second factor."""
    attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "autofocus": autofocus}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(label=_("Code"), max_length=LONGEST_CODE, widget=widget, **options)
