"""The handbook's pages: its contents, one page, and its search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import get_language
from django.views.generic import TemplateView

from youworker.core.pages.base import Page
from youworker.handbook.contents import ENGLISH, neighbours, pages_for, parts_for
from youworker.handbook.rendering import ReadPage, read_page
from youworker.handbook.searching import search_pages

if TYPE_CHECKING:
    from youworker.handbook.contents import Part

LONGEST_QUESTION = 200


class HandbookPage(Page, TemplateView):
    """What every page of the handbook shows beside itself: the pages its reader may read."""

    http_method_names = ["get", "head", "options"]
    extra_context = {"section": "help", "longest_question": LONGEST_QUESTION}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pages this reader may read."""
        return pages_for(is_staff=self.actor.is_staff)

    @property
    def language(self) -> str:
        """The reader's language, as pages are kept."""
        code = (get_language() or ENGLISH).partition("-")[0]
        return code if code in dict(settings.LANGUAGES) else ENGLISH

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """The list of contents."""
        parts = parts_for(is_staff=self.actor.is_staff)
        listed = [(part.title, self.pages_of(part)) for part in parts]
        return super().get_context_data(parts=listed, language=self.language, **context)

    def pages_of(self, part: Part) -> list[ReadPage]:
        """The pages of a part in the reader's language."""
        return [read_page(name, self.language) for name in part.pages]


class ContentsPage(HandbookPage):
    """All pages, with what each is about."""

    template_name = "handbook/contents.html"


class HelpPage(HandbookPage):
    """One page of the handbook."""

    template_name = "handbook/page.html"
    name = ""

    def prepare(self, *_args: Any, **ids: Any) -> None:
        """Look whether there is such a page for this reader."""
        self.name = ids["page"]
        if self.name not in self.names:
            raise Http404

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """The page and its neighbours."""
        before, after = (
            read_page(name, self.language) if name else None
            for name in neighbours(self.name, self.names)
        )
        page = read_page(self.name, self.language)
        return super().get_context_data(read=page, before=before, after=after, **context)


class HelpSearchPage(HandbookPage):
    """What the handbook says about some words."""

    template_name = "handbook/search.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """The sections found."""
        question = self.request.GET.get("q", "")[:LONGEST_QUESTION].strip()
        found = search_pages(question, self.names, self.language) if question else []
        return super().get_context_data(question=question, found=found, **context)
