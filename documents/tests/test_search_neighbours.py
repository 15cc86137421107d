"""Sentences that were cut are whole again, and others are left alone."""

import pytest

from documents.search import search
from documents.search.neighbours import Stretch, goes_on
from documents.tests.factories import DocumentFactory, write

pytestmark = pytest.mark.django_db


def context_of(query, document, **options):
    (hit,) = search(query, mode="keyword", actor=document.owner, context=True, **options).results
    return tuple(hit.context)


def test_the_rests_of_a_cut_sentence_come_from_its_neighbours():
    document = DocumentFactory(title="x")
    write(document, "First. The red", "penguin swims far", "and wide. Then it rests.", "End.")

    assert context_of("penguin", document) == ("The red", "and wide.")
    assert context_of("wide", document) == ("penguin swims far", "")
    assert context_of("end", document) == ("", "")


def test_whole_sentences_need_nothing():
    document = DocumentFactory(title="x")
    write(document, "One ends here.", "The penguin swims!", "Another begins.")

    assert context_of("penguin", document) == ("", "")


def test_neighbours_are_those_of_the_same_document():
    document = DocumentFactory(title="x")
    other = DocumentFactory(title="y")
    write(other, "A secret without an end", "goes on")
    write(document, "the penguin swims")

    assert context_of("penguin", document) == ("", "")


def test_a_rest_without_end_is_none():
    document = DocumentFactory(title="x")
    write(document, "word " * 300, "the penguin swims", "x" * 2000)

    assert context_of("penguin", document) == ("", "")


@pytest.mark.parametrize(
    ("one", "gap", "other", "expected"),
    [
        ("the red", 1, "fox", True),
        ("the red", 1, "Fox", True),
        ("the red", 2, "fox", True),
        ("A heading", 2, "Fox", False),
        ("the red", 9, "fox", False),
        ("the red", -1, "fox", False),
        ("It ended.", 1, "fox", False),
        ("He said “no.”", 1, "fox", False),
        ("| a | b |", 1, "c", False),
        ("", 1, "fox", False),
        ("终于。", 0, "法国", False),
    ],
)
def test_when_a_sentence_goes_on(one, gap, other, expected):
    assert goes_on(Stretch(one, 0, 100), Stretch(other, 100 + gap, 200)) is expected


@pytest.mark.parametrize("count", [1, 3])
def test_context_takes_one_statement(count, django_assert_num_queries):
    document = DocumentFactory(title="x")
    write(document, *[f"penguin {n}" for n in range(count)])
    search("penguin", mode="keyword", actor=document.owner)

    with django_assert_num_queries(8):
        search("penguin", mode="keyword", context=True, actor=document.owner)


def test_it_is_given_to_who_asks(client_of):
    document = DocumentFactory(title="x")
    write(document, "the red", "penguin")
    client = client_of(document.owner)

    plain = client.post("/v1/search", {"query": "penguin", "mode": "keyword"}).json()
    asked = client.post("/v1/search", {"query": "penguin", "mode": "keyword", "context": True})

    assert "context" not in plain["results"][0]
    assert asked.json()["results"][0]["context"] == {"before": "the red", "after": ""}
