"""What pages of documents and collections ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel import Locale
from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from documents.enums import Access, SearchMode
from documents.language import LANGUAGES
from documents.models import Collection, Document, Tag
from documents.search import MOST_RESULTS
from documents.services.tags import LONGEST_TAG
from youworker.core.pages.fields import IdsField, NameField, NamesField
from youworker.core.unicode import fold

if TYPE_CHECKING:
    from accounts.models import User
    from groups.managers import GroupQuerySet

LONGEST_QUERY = 2000
LONGEST_TITLE = 500
LONGEST_NAME = 120
LONGEST_DESCRIPTION = 10_000
MOST_TAGS = 100
MOST_CHOSEN = 200
MODES = (
    (SearchMode.HYBRID.value, _("Words and meaning")),
    (SearchMode.KEYWORD.value, _("Words only")),
    (SearchMode.SEMANTIC.value, _("Meaning only")),
)


class DocumentForm(forms.Form):
    """Title, tags, and for whoever may move a document its collection."""

    title = NameField(label=_("Title"), max_length=LONGEST_TITLE)
    collection: Any = forms.ModelChoiceField(
        label=_("Collection"), queryset=Collection.objects.none(), empty_label=None
    )
    tags = NamesField(label=_("Tags"), longest=LONGEST_TAG, most=MOST_TAGS, required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("By its rules the words of the document are found."),
    )

    def __init__(
        self, *args: Any, document: Document, may_move: bool, actor: User, **options: Any
    ) -> None:
        now = {
            "title": document.title,
            "collection": document.collection_id,
            "language": document.language,
            "tags": [tag.name for tag in document.tags.all()],
        }
        options["initial"] = now
        super().__init__(*args, **options)
        if may_move:
            self.fields["collection"].queryset = fillable_collections(actor)  # type: ignore[attr-defined]
        else:
            del self.fields["collection"]
        languages: Any = self.fields["language"]
        languages.choices = language_choices(document.language)
        tags: Any = self.fields["tags"]
        tags.suggest(Tag.objects.offered_to(actor))

    def changes(self) -> dict[str, Any]:
        """What was changed, as the service wants it."""
        found = {name: self.cleaned_data[name] for name in self.changed_data}
        if "collection" in found:
            found["collection_id"] = found.pop("collection").pk
        # Nobody can choose not to know.
        if not found.get("language", "known"):
            del found["language"]
        return found


def language_choices(now: str) -> list[tuple[str, str]]:
    """The languages a document can be in, by their names, with the one it has now."""
    others = set() if now in LANGUAGES else {now}
    named = [(code, language_name(code)) for code in LANGUAGES | others]
    return sorted(named, key=lambda choice: (choice[0] != "", fold(choice[1])))


def language_name(code: str) -> str:
    """What readers call a language; its code when nobody told us."""
    shown = Locale.parse(get_language() or "en", sep="-")
    name = shown.languages.get(code)
    return name.capitalize() if name else code or gettext("not known")


class CollectionForm(forms.Form):
    """Name and description."""

    name = NameField(label=_("Name"), max_length=LONGEST_NAME)
    description = forms.CharField(
        label=_("Description"),
        max_length=LONGEST_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ShareForm(forms.Form):
    """A group, and for collections what it may do."""

    group: Any = forms.ModelChoiceField(
        label=_("Group"), queryset=None, empty_label=_("Choose a group")
    )
    access = forms.ChoiceField(
        label=_("Access"),
        choices=[(Access.READ, _("can read")), (Access.WRITE, _("can read and add"))],
    )

    def __init__(
        self, *args: Any, groups: GroupQuerySet, with_access: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        if not with_access:
            del self.fields["access"]


class AccessForm(forms.Form):
    """Other rights for a group that has some."""

    change = forms.UUIDField()
    access = forms.ChoiceField(choices=Access.choices)


def fillable_collections(actor: User) -> Any:
    """The collections somebody may put documents into, the default one first."""
    return Collection.objects.writable_by(actor).listed().default_first()


class ChosenForm(forms.Form):
    """Documents of a list."""

    document = IdsField(
        most=MOST_CHOSEN, error_messages={"required": _("Choose a document first.")}
    )


class BatchForm(ChosenForm):
    """An act on the chosen documents, and what it needs."""

    act = forms.ChoiceField(choices=[("delete", ""), ("tag", ""), ("move", "")])
    tags = NamesField(longest=LONGEST_TAG, most=MOST_TAGS, required=False)
    collection: Any = forms.ModelChoiceField(queryset=Collection.objects.none(), required=False)

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["collection"].queryset = fillable_collections(actor)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Moving needs a collection, tagging a tag."""
        wanted = self.cleaned_data
        if wanted.get("act") == "move" and not wanted.get("collection"):
            self.add_error("collection", _("Choose a collection."))
        if wanted.get("act") == "tag" and not wanted.get("tags"):
            self.add_error("tags", _("Type a tag."))
        return wanted


class SearchForm(forms.Form):
    """What is looked for, and where."""

    q = forms.CharField(label=_("Search your documents"), max_length=LONGEST_QUERY)
    mode = forms.ChoiceField(label=_("Search by"), choices=MODES, required=False)
    collection = forms.ChoiceField(label=_("Collection"), required=False)
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    limit = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_RESULTS, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        collections = Collection.objects.visible_to(user).order_by("name")
        tags = Tag.objects.known_to(user)
        self.offer("collection", _("All collections"), collections.values_list("pk", "name"))
        self.offer("tag", _("All tags"), tags.values_list("name", "name"))

    def offer(self, name: str, everything: Any, rows: Any) -> None:
        """Give a field the choices of the user."""
        field: Any = self.fields[name]
        field.choices = [("", everything), *((str(value), words) for value, words in rows)]
