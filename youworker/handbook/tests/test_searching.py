"""Search over the handbook."""

import pytest

from youworker.handbook.contents import PARTS, pages_for
from youworker.handbook.searching import search_pages

PERSON = pages_for(is_staff=False)


def found(question, language="en", pages=PERSON):
    return [(one.page, one.anchor) for one in search_pages(question, pages, language)]


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("recovery codes", "account"),
        ("How do I share a collection with my colleagues?", "sharing"),
        ("who can see my documents", "sharing"),
        ("stop an answer", "conversations"),
        ("which formats can be read", "files"),
        ("microphone", "voice"),
        ("password", "account"),
        ("Claude Desktop", "other-programs"),
        ("exactly these words", "searching"),
        ("deny a tool", "tools"),
    ],
)
def test_the_page_about_it_is_first(question, page):
    assert found(question)[0][0] == page


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("codici di recupero", "account"),
        ("come condivido una raccolta con i colleghi?", "sharing"),
        ("fermare una risposta", "conversations"),
        ("formati", "files"),
        ("microfono", "voice"),
        ("perché non trovo un documento", "searching"),
    ],
)
def test_also_in_italian(question, page):
    assert page in [name for name, _ in found(question, "it")[:3]]


def test_other_forms_beginnings_and_accents_count():
    assert found("sharing")[0][0] == found("shared")[0][0] == "sharing"
    assert found("microp")[0][0] == "voice"
    assert found("PERCHE", "it") == found("perché", "it")


def test_only_what_the_reader_may_read_is_found():
    staff = [page for page, _ in found("backup", pages=pages_for(is_staff=True))]

    assert any(page.startswith("operator/") for page in staff)
    assert not [page for page, _ in found("backup") if page not in PERSON]


@pytest.mark.parametrize("question", ["", "   ", "the of and", "zzzzqqq", "¿?", "\x00", "(" * 200])
def test_nothing_is_found_for_nothing(question):
    assert found(question) == []


def test_long_questions_are_short_work():
    assert len(found("password " * 5000)) <= 20


def test_every_part_has_pages():
    assert [bool(part.pages) for part in PARTS] == [True, True, True]
