"""Searching one's documents, for people who only want to find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.shortcuts import render

from documents.enums import SearchMode
from documents.forms import SearchForm
from documents.models import Document
from documents.quoting.highlighting import excerpt
from documents.search import MOST_RESULTS, search
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.exceptions import RateLimited
from youworker.core.pages.base import Page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from documents.types import SearchAnswer

SHOWN = 10


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
