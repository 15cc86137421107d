"""What the pages of the chat ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.enums import Decision, GrantReach, SessionOrigin
from chat.services.attachments import MOST_ATTACHMENTS
from chat.services.questions import LONGEST_TEXT
from chat.services.system_prompts import LONGEST_PROMPT
from documents.models import Collection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from chat.models import Session
    from documents.managers import CollectionQuerySet

LONGEST_TITLE = 300
LONGEST_MODEL = 200
LONGEST_COMMENT = 4000
LONGEST_SEARCH = 200
RATINGS = (-1, 0, 1)


class CollectionsField(forms.ModelMultipleChoiceField):
    """Some of the collections that somebody sees."""

    def __init__(self, **options: Any) -> None:
        options |= {"required": False, "widget": forms.CheckboxSelectMultiple}
        super().__init__(Collection.objects.none(), label=_("Collections"), **options)

    def label_from_instance(self, obj: Any) -> str:
        """The name people gave it."""
        return str(obj.name)


class IdsField(forms.Field):
    """Ids, each as a value of its own."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        """The ids; raises `ValidationError` for what is none, or too many."""
        try:
            ids = [UUID(str(each)) for each in value or ()]
        except ValueError as error:
            raise forms.ValidationError(_("There is no such file.")) from error
        if len(ids) > MOST_ATTACHMENTS:
            sentence = _("A message has at most %(most)s attachments.")
            raise forms.ValidationError(sentence % {"most": MOST_ATTACHMENTS})
        return ids


class SettingsForm(forms.Form):
    """How the questions of a conversation are answered."""

    model = forms.ChoiceField(label=_("Model"), required=False)
    collections = CollectionsField(
        help_text=_("Where answers may come from. None chosen: everything you can see.")
    )
    limited = forms.BooleanField(
        label=_("Only the former collections"),
        required=False,
        help_text=_(
            "They were deleted, or are no longer shared with you: nothing is searched."
            " Without this, everything you can see is."
        ),
    )
    enable_tools = forms.BooleanField(
        label=_("Tools"),
        required=False,
        help_text=_("Without tools no documents are searched."),
    )
    enable_web = forms.BooleanField(label=_("Web search"), required=False)
    system_prompt = forms.CharField(
        label=_("System prompt"),
        max_length=LONGEST_PROMPT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("What the model is told before your questions: tone, role, rules."),
    )

    def __init__(
        self, *args: Any, actor: User, models: list[str], out_of_reach: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["collections"].queryset = offered_collections(actor)
        if not out_of_reach:
            del fields["limited"]
        fields["model"].choices = [("", _("Default model")), *((name, name) for name in models)]

    def wish(self) -> dict[str, Any]:
        """The settings as the services take them."""
        wish = wished_settings(self.cleaned_data)
        return {**wish, "system_prompt": self.cleaned_data["system_prompt"]}


class AskForm(forms.Form):
    """A question, with how it is to be answered."""

    text = forms.CharField(max_length=LONGEST_TEXT, strip=False)
    key = forms.UUIDField(required=False)
    parent = forms.UUIDField(required=False)
    attachments = IdsField(required=False)
    model = forms.CharField(max_length=LONGEST_MODEL, required=False)
    collections = CollectionsField()
    limited = forms.BooleanField(required=False)
    enable_tools = forms.BooleanField(required=False)
    enable_web = forms.BooleanField(required=False)
    # Whoever asks wants to hear the answer, sentence by sentence.
    speak = forms.BooleanField(required=False)
    # A box that is not ticked is not sent: this says that the boxes were there.
    with_settings = forms.BooleanField(required=False)

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["collections"].queryset = offered_collections(actor)

    def wish(self) -> dict[str, Any]:
        """The settings that were chosen; empty when they were not shown."""
        return wished_settings(self.cleaned_data) if self.cleaned_data["with_settings"] else {}


class AttachForm(forms.Form):
    """Which documents a link puts beside a question."""

    attach = IdsField(required=False)


class AttachableForm(forms.Form):
    """Which documents of the library are offered for a question."""

    search = forms.CharField(max_length=LONGEST_SEARCH, required=False)


class RenameForm(forms.Form):
    """Another title."""

    title = forms.CharField(
        label=_("Title"),
        max_length=LONGEST_TITLE,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class EditForm(forms.Form):
    """A question in other words."""

    text = forms.CharField(
        label=_("Question"),
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True, "dir": "auto"}),
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class RegenerateForm(forms.Form):
    """By whom a question is answered again."""

    model = forms.CharField(max_length=LONGEST_MODEL, required=False)


class FeedbackForm(forms.Form):
    """What somebody thinks of an answer."""

    rating = forms.TypedChoiceField(choices=[(rating, rating) for rating in RATINGS], coerce=int)
    comment = forms.CharField(max_length=LONGEST_COMMENT, required=False)


class PageField(forms.IntegerField):
    """The number of a page; the first one for what is no number of a page."""

    def clean(self, value: Any) -> int:
        """The number."""
        try:
            return super().clean(value) or 1
        except forms.ValidationError:
            return 1


class ListForm(forms.Form):
    """Which conversations are listed."""

    search = forms.CharField(max_length=LONGEST_SEARCH, required=False)
    archived = forms.BooleanField(required=False)
    origin = forms.ChoiceField(choices=SessionOrigin.choices, required=False)
    deleted = forms.BooleanField(required=False)
    page = PageField(min_value=1, max_value=100_000, required=False)


class SaidForm(forms.Form):
    """Words that were said, and in which conversations they are looked for."""

    search = forms.CharField(max_length=LONGEST_SEARCH)
    archived = forms.BooleanField(required=False)
    origin = forms.ChoiceField(choices=SessionOrigin.choices, required=False)
    page = PageField(min_value=1, max_value=1000, required=False)


class WindowForm(forms.Form):
    """Which messages of a conversation are shown."""

    at = forms.UUIDField(required=False)
    before = forms.UUIDField(required=False)
    after = forms.UUIDField(required=False)


class BranchForm(forms.Form):
    """Which version of a message is shown from now on."""

    leaf = forms.UUIDField()


class DecisionForm(forms.Form):
    """What somebody says to a call that waits."""

    # `allow`, `deny`, or how far an allowance reaches beyond the call.
    decision = forms.CharField(max_length=20)

    def clean(self) -> dict[str, Any]:
        """The decision as the services take it."""
        said = self.cleaned_data.get("decision", "")
        if said in GrantReach:
            return {"decision": Decision.ALLOW, "remember": True, "remember_for": said}
        return {"decision": said}


def offered_collections(user: User) -> CollectionQuerySet:
    """The collections somebody can choose, the default one first."""
    visible: CollectionQuerySet = Collection.objects.visible_to(user)
    return visible.default_first()


def wished_settings(data: dict[str, Any]) -> dict[str, Any]:
    """The settings of a form as the services take them."""
    return {
        "model": data["model"],
        "enable_tools": data["enable_tools"],
        "enable_web": data["enable_web"],
        "collections": [collection.pk for collection in data["collections"]],
        "limited": data.get("limited", False),
    }


def settings_of(session: Session) -> dict[str, Any]:
    """The settings of a conversation, as a form is filled with them."""
    return {
        "model": session.model,
        "enable_tools": session.enable_tools,
        "enable_web": session.enable_web,
        "system_prompt": session.system_prompt,
        "collections": list(session.alive_collection_ids),
        "limited": session.limited,
    }


def is_out_of_reach(session: Session, offered: Iterable[Collection]) -> bool:
    """Whether a conversation is limited to collections of which its owner sees none."""
    chosen = set(session.alive_collection_ids)
    return session.limited and not any(collection.pk in chosen for collection in offered)
