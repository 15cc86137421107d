"""What the groups' pages ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.enums import Role

ROLE_WORDS = ((Role.MEMBER.value, _("Member")), (Role.ADMIN.value, _("Admin")))
# A key of a program cannot administer the installation.
SCOPE_WORDS = (
    ("chat", _("Ask questions")),
    ("documents.read", _("Read and search documents")),
    ("documents.write", _("Add, change and delete documents")),
    ("tools", _("Use tools")),
    ("account", _("Read groups and its own account")),
)


class GroupForm(forms.Form):
    """Name and description of a group."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class MemberForm(forms.Form):
    """Somebody to take in, by their user name; modules help to find it."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"list": "people", "autocomplete": "off", "autocapitalize": "none"}
        ),
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLE_WORDS)


class ServiceAccountForm(forms.Form):
    """A new service account."""

    name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("What the program does, as “Nightly import”.")
    )


class ServiceKeyForm(forms.Form):
    """A new key of a service account."""

    name = forms.CharField(label=_("Name"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple, choices=SCOPE_WORDS
    )
    expires_at: Any = forms.DateTimeField(
        label=_("Ends"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=_("Without one, the key works until it is revoked."),
    )
