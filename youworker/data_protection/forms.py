"""What the privacy page asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import SharedDocuments
from accounts.fields import password_field

if TYPE_CHECKING:
    from accounts.models import User


class PasswordProofForm(forms.Form):
    """The password, unless the session has just begun; whoever has none is not asked for it."""

    password = password_field(
        _("Password"),
        autocomplete="current-password",
        required=False,
        help_text=_("May stay empty if you signed in a few minutes ago."),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if not user.has_usable_password():
            del self.fields["password"]


class EraseForm(PasswordProofForm):
    """The end of the account, wished for by somebody who proves who they are."""

    shared_documents = forms.ChoiceField(
        label=_("Documents of yours that groups use"),
        choices=(
            (SharedDocuments.HAND_OVER.value, _("Hand them over to an admin of the group")),
            (SharedDocuments.ERASE.value, _("Erase them as well")),
        ),
        widget=forms.RadioSelect,
        initial=SharedDocuments.HAND_OVER.value,
    )
    understood: Any = forms.BooleanField(
        label=_("Erase my account and everything of mine. I know that nothing can be restored.")
    )


class ClearForm(forms.Form):
    """All conversations at once."""

    understood: Any = forms.BooleanField(
        label=_("Remove all my conversations for good, also those in the trash.")
    )
