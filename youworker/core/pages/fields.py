"""Form fields that several apps have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.utils.safestring import SafeString

SEPARATOR = ","


class NameField(forms.CharField):
    """A name, measured and kept in one form of Unicode; one of nothing visible is empty."""

    def to_python(self, value: Any) -> Any:
        """The name as it is kept."""
        text = super().to_python(value)
        return clean_name(text) if isinstance(text, str) and "\x00" not in text else text


class NamesWidget(forms.Widget):
    """Boxes for the names there are, and a field for more, separated by commas.

    `yw-names` makes a box of each name as soon as it is typed.
    """

    use_fieldset = True
    suggestions: Sequence[str] = ()

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """The boxes and the field."""
        context = {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "values": list(value or []),
            "suggestions": self.suggestions,
        }
        return render_to_string("youworker/_names.html", context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """The names of checked boxes, and what was typed."""
        typed = str(data.get(f"{name}_more", "")).split(SEPARATOR)
        return [*data.getlist(name), *(text.strip() for text in typed)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Never: no box is checked when all are to go."""
        return False

    def id_for_label(self, id_: str) -> str:
        """None: the legend names the boxes."""
        return ""


class NamesField(forms.Field):
    """Several names, each once; `suggestions` are offered while somebody types."""

    widget = NamesWidget

    def __init__(self, *, longest: int, most: int, **options: Any) -> None:
        self.longest, self.most = longest, most
        super().__init__(**options)

    def suggest(self, names: Iterable[str]) -> None:
        """Offer these names."""
        self.widget.suggestions = list(names)

    def clean(self, value: Any) -> list[str]:
        """The names as they are kept."""
        names = [clean_name(text) for text in value or [] if "\x00" not in text]
        wanted = list(dict.fromkeys(name for name in names if name))
        if len(wanted) > self.most:
            raise ValidationError(_("At most %(most)d."), params={"most": self.most})
        for name in wanted:
            if len(name) > self.longest:
                raise ValidationError(
                    _("“%(name)s…” has more than %(most)d characters."),
                    params={"name": name[:20], "most": self.longest},
                )
        return wanted


class IdsField(forms.Field):
    """Ids of chosen things, each once; whether they exist is for the view to ask."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def to_python(self, value: Any) -> list[UUID]:
        """The ids."""
        try:
            wanted = list(dict.fromkeys(UUID(text) for text in value or []))
        except ValueError as error:
            raise ValidationError(_("There is no such thing.")) from error
        if len(wanted) > self.most:
            raise ValidationError(_("At most %(most)d."), params={"most": self.most})
        return wanted
