"""What the page for handing files in asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.models import Collection, Tag
from documents.services.tags import LONGEST_TAG
from ingestion.web.bounds import DEEPEST
from youworker.core.pages.fields import NamesField
from youworker.upstream.fetcher import LONGEST_URL

if TYPE_CHECKING:
    from accounts.models import User
    from ingestion.store import Incoming

MOST_TAGS = 50


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


class TargetForm(forms.Form):
    """Where new documents go."""

    collection: Any = forms.ModelChoiceField(
        label=_("Collection"), queryset=Collection.objects.none(), empty_label=None
    )
    tags = NamesField(label=_("Tags"), longest=LONGEST_TAG, most=MOST_TAGS, required=False)

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        collections = Collection.objects.writable_by(actor).listed().default_first()
        self.fields["collection"].queryset = collections  # type: ignore[attr-defined]
        tags: Any = self.fields["tags"]
        tags.suggest(Tag.objects.offered_to(actor))


class UploadForm(TargetForm):
    """Files, and where they go."""

    files: Any = FilesField(label=_("Files"))

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, actor=actor, **options)
        self.fields["files"].widget.attrs["data-test"] = "upload"


class UrlForm(TargetForm):
    """A web page, how far to follow its links, and where the pages go."""

    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}),
    )
    depth = forms.IntegerField(
        label=_("Follow links"),
        help_text=_("How many links away from this page pages may be; 0 reads this page alone."),
        min_value=0,
        max_value=DEEPEST,
        initial=0,
    )
    max_pages = forms.IntegerField(label=_("Pages at most"), min_value=1, initial=1)
    same_host = forms.BooleanField(label=_("Stay on this site"), required=False, initial=True)
    field_order = ("url", "depth", "max_pages", "same_host", "collection", "tags")
