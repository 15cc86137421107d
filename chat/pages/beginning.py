"""What a conversation that has not begun says to somebody new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from chat.services import quotes_by_default
from documents.enums import DocumentStatus
from documents.models import Document, Passage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from accounts.models import User

EXAMPLES = 3
# Between a heading and the one it stands under.
BELOW = " > "
LONGEST_HEADING = 80
QUOTABLE = (DocumentStatus.SEARCHABLE, DocumentStatus.READY)


@dataclass
class Beginning:
    """What there is to ask, and who would answer."""

    quotes: bool
    has_documents: bool
    questions: list[str]


def describe_beginning(user: User, models: list[str]) -> Beginning:
    """Who answers by default, whether there are documents, and questions they answer."""
    visible = Document.objects.visible_to(user).in_library()
    latest = visible.filter(status__in=QUOTABLE).newest_first().only("title")[:EXAMPLES]
    documents = {document.pk: document for document in latest}
    has_documents = bool(documents) or visible.exists()
    return Beginning(quotes_by_default(models), has_documents, example_questions(documents))


def example_questions(documents: Mapping[UUID, Document]) -> list[str]:
    """A question about a section that each document really has."""
    headed = Passage.objects.filter(document__in=list(documents)).exclude(heading="")
    # What stands below another heading says more than the first, which is often the title again.
    is_below = ExpressionWrapper(Q(heading__contains=BELOW), BooleanField())
    first = headed.order_by("document_id", is_below.desc(), "ordinal").distinct("document_id")
    found = []
    for document_id, heading in first.values_list("document_id", "heading"):
        section = heading.rpartition(BELOW)[2].strip()
        title = documents[document_id].title
        # Of a recording it is a time, of which nobody asks.
        says_something = any(map(str.isalpha, section)) and section != title
        if says_something and len(section) <= LONGEST_HEADING:
            words = {"heading": section, "title": title}
            found.append(_("What does “%(title)s” say about “%(heading)s”?") % words)
    return found
