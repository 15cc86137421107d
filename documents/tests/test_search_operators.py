"""Phrases, exclusions and filters of a query, in both legs and of all documents."""
# ruff: noqa: RUF001 -- quotes and letters that look alike are what this is about

import zoneinfo
from datetime import UTC, datetime

import pytest

from accounts.tests.factories import UserFactory
from documents import services
from documents.models import Document
from documents.search import search, statement
from documents.tests.factories import (
    CollectionFactory,
    DocumentFactory,
    DocumentShareFactory,
    embed,
    write,
)
from groups.tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("letters", "either_branch")]

MODES = ["hybrid", "keyword", "semantic"]


@pytest.fixture(params=["small scope", "large scope"])
def either_branch(request, monkeypatch):
    """Both ways of gathering candidates have to answer alike."""
    if request.param == "large scope":
        monkeypatch.setattr(statement, "SMALL_SCOPE", 0)


@pytest.fixture
def user():
    return UserFactory()


def library(user, *passages, language="en", heading="", **fields):
    document = DocumentFactory(owner=user, **fields)
    write(document, *passages, language=language, heading=heading)
    embed()
    return document


def texts(query, user, **options):
    return [hit.text for hit in search(query, actor=user, **options).results]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("quotes", ['"{}"', "„{}“", "“{}”", "«{}»", "« {} »"])
def test_a_phrase_has_to_stand_there_in_its_order(user, mode, quotes):
    library(user, "a red fox jumps", "a fox, red as rust", "red wine, no fox", "a RED\nFox.")

    found = texts(quotes.format("red fox"), user, mode=mode)

    assert sorted(found) == ["a RED\nFox.", "a red fox jumps"]


@pytest.mark.parametrize("mode", MODES)
def test_a_phrase_stands_in_one_place(user, mode):
    library(user, "fox and hound", heading="The red", title="A tale")

    assert texts('"red fox"', user, mode=mode) == []
    assert texts('"the red"', user, mode=mode) == ["fox and hound"]
    assert texts('"a tale"', user, mode=mode) == ["fox and hound"]


@pytest.mark.parametrize("mode", MODES)
def test_a_word_in_quotes_is_meant_exactly(user, mode):
    library(user, "the contract", "two contracts", "contracting")

    assert texts('"contract"', user, mode=mode) == ["the contract"]


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("it", "il perché del contratto", '"perche del contratto"'),
        ("it", "l\u2019importo dell\u2019azienda", '"importo dell\'azienda"'),
        ("fr", "un œuf, à la coque", '"oeuf, a la"'),
        ("de", "Die Straße der Ölsardinen", '"strasse der olsardinen"'),
        ("de", "Herr Müller kommt", '"MUELLER kommt"'),
        ("fr", "un œuf à la coque", '"oeuf a la coque"'),
        ("en", "a read-only replica", '"read only replica"'),
        ("en", "use max_connections here", '"max connections here"'),
        ("en", "so\u00adft hyphens", '"soft hyphens"'),
        ("el", "Ο ΟΔΟΣ του", '"οδος του"'),
        ("ru", "Зелёная ёлка", '"зеленая елка"'),
        ("zh", "机器学习是人工智能的一个分支", '"人工智能"'),
        ("ja", "有給休暇は二十日です。", "「有給休暇」"),
        ("ar", "عام ٢٠٢٦ في", '"عام 2026"'),
        ("hi", "हिन्दी में समाचार", '"हिन्दी में"'),
    ],
)
def test_phrases_do_without_accents_and_the_like(user, language, text, query):
    library(user, text, "something else", language=language)

    if "MUELLER" in query:
        # Whoever quotes a spelling means this one.
        assert texts(query, user, mode="keyword") == []
    else:
        assert texts(query, user, mode="keyword") == [text]


def test_parts_of_words_are_no_phrases(user):
    library(user, "a fired foxtrot", "the red foxes")

    assert texts('"red fox"', user) == []


@pytest.mark.parametrize("mode", MODES)
def test_every_phrase_counts(user, mode):
    library(user, "red fox and blue whale", "red fox", "blue whale")

    assert texts('"red fox" "blue whale"', user, mode=mode) == ["red fox and blue whale"]


@pytest.mark.parametrize("mode", MODES)
def test_excluded_words_are_kept_out_in_every_form(user, mode):
    library(user, "penguins swim", "penguins run", "penguins were running far")

    assert texts("penguins -run", user, mode=mode) == ["penguins swim"]


@pytest.mark.parametrize("mode", MODES)
def test_excluded_phrases_keep_out_only_what_has_them(user, mode):
    library(user, "penguins of the red fox", "penguins red as a fox")

    assert texts('penguins -"red fox"', user, mode=mode) == ["penguins red as a fox"]


@pytest.mark.parametrize("mode", MODES)
def test_stop_words_are_excluded_and_quoted_as_well(user, mode):
    library(user, "penguins to the left", "penguins left")

    assert texts("penguins -the", user, mode=mode) == ["penguins left"]
    assert texts('penguins "to the"', user, mode=mode) == ["penguins to the left"]


def test_a_phrase_that_nothing_has_finds_nothing_unless_it_may_be_relaxed(user):
    library(user, "a fox, red as rust")

    strict = search('"red fox"', actor=user)
    relaxed = search('"red fox"', actor=user, relax=True)

    assert (strict.results, strict.as_json()["understood"]["relaxed"]) == ([], False)
    assert [hit.text for hit in relaxed.results] == ["a fox, red as rust"]
    assert relaxed.as_json()["understood"]["relaxed"] is True


def test_without_operators_everything_is_words(user):
    library(user, "a fox, red as rust")

    assert texts('"red fox" -rust', user, operators=False) == ["a fox, red as rust"]


@pytest.mark.parametrize("mode", MODES)
def test_filters_narrow_what_words_find(user, mode):
    shelf = CollectionFactory(owner=user, name="Caffè")
    pdf = library(
        user, "penguins one", title="Über Pinguine", mime="application/pdf", collection=shelf
    )
    mail = library(user, "penguins two", title="Re: Zoo", mime="message/rfc822")
    services.update_document(pdf, tags=["Red", "deep blue"], actor=user)
    services.update_document(mail, tags=["Red"], actor=user)

    def found(filters):
        return sorted(texts(f"penguins {filters}", user, mode=mode))

    assert found("type:pdf") == ["penguins one"]
    assert found("type:pdf type:mail") == ["penguins one", "penguins two"]
    assert found("type:message/rfc822") == ["penguins two"]
    assert found("-type:pdf") == ["penguins two"]
    assert found("title:uber") == ["penguins one"]
    assert found("title:über title:pinguine") == ["penguins one"]
    assert found("title:über title:zoo") == []
    assert found("-title:zoo") == ["penguins one"]
    assert found("tag:red") == ["penguins one", "penguins two"]
    assert found('tag:red tag:"deep blue"') == ["penguins one"]
    assert found('-tag:"deep blue"') == ["penguins two"]
    assert found("collection:caffè") == ["penguins one"]
    assert found("-collection:CAFFÈ") == ["penguins two"]
    assert found("raccolta:nowhere") == []


@pytest.mark.parametrize("mode", MODES)
def test_days_are_those_of_the_user(user, mode):
    user.time_zone = "Europe/Rome"
    document = library(user, "penguins")
    midnight = datetime(2024, 5, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Rome"))
    Document.objects.filter(pk=document.pk).update(created_at=midnight.astimezone(UTC))

    def count(filters):
        return len(texts(f"penguins {filters}", user, mode=mode))

    assert count("after:2024-05-01") == count("after:2024") == count("before:2024-05-02") == 1
    assert count("before:2024-05") == count("after:2024-05-02") == count("before:2024") == 0
    assert count("after:2024 after:2025") == count("before:2024 before:2030") == 0


def test_only_filters_list_the_newest_documents_by_their_beginning(user):
    older = library(user, "one", "two", mime="application/pdf")
    newer = library(user, "three", "four", mime="application/pdf")
    library(user, "five")
    library(UserFactory(), "six", mime="application/pdf")
    Document.objects.filter(pk=older.pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))

    answer = search("type:pdf", actor=user)

    assert [hit.document_id for hit in answer.results] == [newer.pk, older.pk]
    assert [hit.text for hit in answer.results] == ["three", "one"]
    assert texts("type:pdf -one", user) == ["three", "two"]
    assert texts("type:pdf", user, limit=1) == ["three"]


def test_names_of_collections_that_somebody_does_not_see_tell_nothing():
    shelf = CollectionFactory(name="Secret plans")
    member = MembershipFactory()
    document = library(shelf.owner, "penguins", collection=shelf)
    DocumentShareFactory(document=document, group=member.group)

    assert texts("penguins", member.user) == ["penguins"]
    assert texts('penguins collection:"secret plans"', member.user) == []
    assert texts('penguins -collection:"secret plans"', member.user) == ["penguins"]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_of_others_is_found_by_operators(user, mode):
    library(UserFactory(), "the red fox", mime="application/pdf", title="Fox")

    for query in ('"red fox"', "fox -blue", "type:pdf", "title:fox", "fox after:2000"):
        assert texts(query, user, mode=mode) == []


@pytest.mark.parametrize(
    "query",
    [
        '"%s" -"%(x)s" x',
        'x -\'; -- "\\"',
        '"[a-z]*(" x',
        "title:% x",
        "title:_ x",
        '"' + "a " * 200 + '"',
        'x -"' + "the " * 100 + '"',
        "tag:" + "x" * 400,
        " ".join(f'"a{n}"' for n in range(80)),
        " ".join(f"-word{n}" for n in range(60)) + " x",
        '"\u0301a"',
        '"\U0001f600 a"',
        "collection:00000000-0000-0000-0000-000000000000",
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_odd_operators_are_no_errors(user, query, mode):
    library(user, "penguins swim")

    assert texts(query, user, mode=mode) in ([], ["penguins swim"])


def test_the_answer_tells_what_was_understood(user):
    answer = search('"red fox" -wine title:a tag:b type:PDF after:2024-05 den', actor=user)

    assert answer.as_json()["understood"] == {
        "text": "red fox den",
        "phrases": ["red fox"],
        "excluded": ["wine"],
        "title": ["a"],
        "tags": ["b"],
        "types": ["pdf"],
        "collections": [],
        "after": "2024-05-01",
        "before": None,
        "relaxed": False,
    }
    assert set(answer.took) == {"embed", "search", "rerank"}
    assert sum(answer.took.values()) <= answer.took_ms + 0.2
