"""Searching one's documents, for people who only want to find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.enums import SearchMode
from documents.forms import SearchForm
from documents.models import Document
from documents.pages.golden import may_keep_answers
from documents.quoting.highlighting import excerpt
from documents.search import MOST_RESULTS, search
from documents.search.operators import text_beside
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.exceptions import RateLimited
from youworker.core.pages.base import Page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from documents.search.operators import Piece
    from documents.types import SearchAnswer

SHOWN = 10
CHIPS = {
    "phrase": gettext_lazy("exactly “%(value)s”"),
    "excluded": gettext_lazy("without “%(value)s”"),
    "title": gettext_lazy("title: %(value)s"),
    "tag": gettext_lazy("tag: %(value)s"),
    "type": gettext_lazy("type: %(value)s"),
    "collection": gettext_lazy("collection: %(value)s"),
    "after": gettext_lazy("added from %(value)s on"),
    "before": gettext_lazy("added before %(value)s"),
}


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
            context["has_documents"] = Document.objects.visible_to(self.actor).in_library().exists()
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
            relax=True,
            explain=self.actor.is_staff,
            actor=self.actor,
        )
        more = min(limit + SHOWN, MOST_RESULTS) if len(answer.results) == limit else 0
        return {
            "answer": answer,
            "hits": shown_hits(answer),
            "chips": chips_of(wish["q"], answer),
            "may_keep": may_keep_answers(self.actor),
            "more": more if more > limit else 0,
        }


def shown_hits(answer: SearchAnswer) -> list[dict[str, Any]]:
    """Each hit with the lines that show why it was found."""
    query = answer.understood.text
    return [
        {
            "hit": hit,
            # The first heading of many a text is its title, which stands above it.
            "heading": hit.heading if hit.heading != hit.title else "",
            "excerpt": excerpt(hit.text, query, language=hit.language),
            "why": hit.explain(hit.access) if hit.access is not None else None,
        }
        for hit in answer.results
    ]


def chips_of(query: str, answer: SearchAnswer) -> list[dict[str, str]]:
    """What was understood as an operator, and the query without each of them."""
    return [
        {"label": chip_label(piece), "query": text_beside(query.strip(), [piece])}
        for piece in answer.understood.pieces
    ]


def chip_label(piece: Piece) -> str:
    """An operator in words."""
    label = CHIPS[piece.name] % {"value": piece.value}
    return _("not %(condition)s") % {"condition": label} if piece.negated else label
