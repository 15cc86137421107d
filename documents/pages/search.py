"""Searching one's documents, for people who only want to find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from documents.enums import SearchMode
from documents.models import Collection, Document, Tag
from documents.quoting.highlighting import excerpt
from documents.search import MOST_RESULTS, search
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.exceptions import RateLimited
from youworker.core.pages.base import Page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from documents.types import SearchAnswer

LONGEST_QUERY = 2000
SHOWN = 10
MODES = (
    (SearchMode.HYBRID.value, _("Words and meaning")),
    (SearchMode.KEYWORD.value, _("Words only")),
    (SearchMode.SEMANTIC.value, _("Meaning only")),
)


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


class SearchPage(Page):
    """Finds passages by words and meaning, and leads to them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the field, and what was found when something is looked for."""
        form = SearchForm(request.GET if "q" in request.GET else None, user=self.actor)
        context: dict[str, Any] = {"section": "search", "form": form, "refusal": ""}
        if form.is_bound and form.is_valid():
            try:
                context |= self.found(form.cleaned_data)
            except RateLimited as error:
                context["refusal"] = error.in_words()
        elif not form.is_bound:
            context["has_documents"] = Document.objects.visible_to(self.actor).exists()
        return render(request, "documents/search.html", context)

    def found(self, wish: dict[str, Any]) -> dict[str, Any]:
        """What the page shows of the passages that were found."""
        check_rate_limit("SEARCH", self.actor)
        limit = wish["limit"] or SHOWN
        answer = search(
            query=wish["q"],
            mode=wish["mode"] or SearchMode.HYBRID,
            limit=limit,
            collections=[UUID(wish["collection"])] if wish["collection"] else None,
            tags=[wish["tag"]] if wish["tag"] else None,
            actor=self.actor,
        )
        more = min(limit + SHOWN, MOST_RESULTS) if len(answer.results) == limit else 0
        return {
            "answer": answer,
            "hits": shown_hits(answer, wish["q"]),
            "more": more if more > limit else 0,
        }


def shown_hits(answer: SearchAnswer, query: str) -> list[dict[str, Any]]:
    """Each hit with the lines that show why it was found."""
    return [
        {"hit": hit, "excerpt": excerpt(hit.text, query, language=hit.language)}
        for hit in answer.results
    ]
