"""What the page for handing files in asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.models import Collection, Tag
from youworker.core.pages.fields import NamesField

if TYPE_CHECKING:
    from accounts.models import User
    from ingestion.store import Incoming

LONGEST_TAG = 64
MOST_TAGS = 50
SUGGESTED_TAGS = 200


class FilesInput(forms.FileInput):
    """A field for several files."""

    allow_multiple_selected = True


class FilesField(forms.Field):
    """The files of a request, as they were received."""

    widget = FilesInput

    def clean(self, value: Any) -> list[Incoming]:
        """The received files."""
        if not value:
            raise forms.ValidationError(_("Choose at least one file."))
        return [upload.incoming for upload in value]


class UploadForm(forms.Form):
    """Files, and where they go."""

    collection: Any = forms.ModelChoiceField(
        label=_("Collection"), queryset=Collection.objects.none(), empty_label=None
    )
    tags = NamesField(label=_("Tags"), longest=LONGEST_TAG, most=MOST_TAGS, required=False)
    files: Any = FilesField(label=_("Files"))

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        collections = Collection.objects.writable_by(actor).order_by("-is_default", "name", "pk")
        self.fields["collection"].queryset = collections  # type: ignore[attr-defined]
        known = Tag.objects.known_to(actor)
        names = known.values_list("name", flat=True)[:SUGGESTED_TAGS]
        self.fields["tags"].widget.suggestions = list(names)
        self.fields["files"].widget.attrs["data-test"] = "upload"
