"""What the pages of sources ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ingestion.enums import SourceKind
from ingestion.forms import TargetForm
from ingestion.source_models import LONGEST_PAUSE_HOURS
from ingestion.source_services import CHANGEABLE, LONGEST_NAME
from ingestion.web.bounds import DEEPEST
from youworker.core.pages.fields import NameField
from youworker.upstream.fetcher import LONGEST_URL

if TYPE_CHECKING:
    from accounts.models import User
    from ingestion.models import Source

OF_FOLDERS = ("recursive",)
OF_WEBSITES = ("depth", "max_pages")


class SourceForm(TargetForm):
    """A place to follow, how far, when, and where its files go."""

    kind = forms.ChoiceField(label=_("What to follow"), choices=SourceKind)
    target = forms.CharField(
        label=_("Folder or address"),
        help_text=_(
            "The path of a folder of the server, or the address of a website's first page."
        ),
        max_length=LONGEST_URL,
    )
    name = NameField(label=_("Name"), max_length=LONGEST_NAME, required=False)
    recursive = forms.BooleanField(
        label=_("With the folders inside of a folder"), required=False, initial=True
    )
    depth = forms.IntegerField(
        label=_("Links to follow on a website"), min_value=0, max_value=DEEPEST, initial=2
    )
    max_pages = forms.IntegerField(label=_("Pages at most"), min_value=1, initial=200)
    every_hours = forms.IntegerField(
        label=_("Read every so many hours"),
        help_text=_("Leave this and the time empty to read it only when you ask for it."),
        min_value=1,
        max_value=LONGEST_PAUSE_HOURS,
        required=False,
    )
    daily_at = forms.TimeField(
        label=_("Or daily at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    field_order = (
        *("kind", "target", "name", "collection", "tags", "recursive", "depth", "max_pages"),
        *("every_hours", "daily_at"),
    )

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, actor=actor, **options)
        if not actor.is_staff:
            self.offer_websites_only()

    def offer_websites_only(self) -> None:
        """Say nothing of folders of the server, which only staff may read."""
        kind: Any = self.fields["kind"]
        kind.choices = [(SourceKind.WEBSITE.value, SourceKind.WEBSITE.label)]
        kind.widget = forms.HiddenInput()
        target = self.fields["target"]
        target.label, target.help_text = _("Web address"), _("The first page of a website.")
        self.fields["depth"].label = _("Follow links")
        del self.fields["recursive"]


class ChangeSourceForm(SourceForm):
    """What may be changed of a source: everything but what is read and where it goes."""

    def __init__(self, *args: Any, source: Source, actor: User, **options: Any) -> None:
        options["initial"] = {name: getattr(source, name) for name in CHANGEABLE}
        super().__init__(*args, actor=actor, **options)
        others = OF_WEBSITES if source.kind == SourceKind.FOLDER else OF_FOLDERS
        for name in ("kind", "target", "collection", *others):
            self.fields.pop(name, None)


class DeleteSourceForm(forms.Form):
    """Whether the documents of a source go with it."""

    remove_documents = forms.BooleanField(
        label=_("Put its documents in the trash, too"), required=False
    )
