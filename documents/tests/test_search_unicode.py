import pytest

from documents.search import search
from documents.tests.factories import DocumentFactory, write
from documents.tests.search_pairs import APART, MEETING, UNSPACED

pytestmark = pytest.mark.django_db


def found_by_keyword(language, text, question):
    document = DocumentFactory(title="x")
    # Neither question nor text is the only one of its language.
    write(document, text, "something else", language=language)
    write(DocumentFactory(owner=document.owner, title="y"), "an english text", language="en")
    answer = search(question, mode="keyword", actor=document.owner)
    return [hit.text for hit in answer.results]


@pytest.mark.parametrize(("language", "text", "question"), [*MEETING, *UNSPACED])
def test_what_is_written_otherwise_is_found(language, text, question):
    assert found_by_keyword(language, text, question) == [text]


@pytest.mark.parametrize(("language", "text", "question"), APART)
def test_what_is_something_else_is_not_found(language, text, question):
    assert found_by_keyword(language, text, question) == []
