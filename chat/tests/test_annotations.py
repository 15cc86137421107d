"""Sources as links that OpenAI's clients know."""

from __future__ import annotations

import pytest

from chat.openai.annotations import annotations_of, places_of_marks

LEAVE, PASSAGE = "01a21ef5-d391-77ce-ad89-0e10285832dc", "01a21ef5-d440-7130-8239-b22cffdf8e00"
SITE = "https://work.example"


def cited(index, **changes):
    row = {"index": index, "title": f"Source {index}", "document_id": LEAVE}
    return {**row, "chunk_id": PASSAGE, "start": 25, "end": 67, **changes}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Thirty days [1].", {1: (12, 15)}),
        ("Thirty [2] days [1] a year [2].", {2: (7, 10), 1: (16, 19)}),
        ("Thirty days [1, 2].", {1: (12, 18), 2: (12, 18)}),
        ("\U0001f334 leave [1]", {1: (8, 11)}),
        ("`rows[1]` is code [2]", {2: (18, 21)}),
        ("Nothing is cited.", {}),
    ],
)
def test_a_mark_counts_where_it_stands_first(text, places):
    assert places_of_marks(text) == places


def test_a_source_is_a_link_to_its_quote():
    (link,) = annotations_of("Thirty days [1].", [cited(1)], site=SITE, session_id=LEAVE)

    assert link == {
        "type": "url_citation",
        "url_citation": {
            "start_index": 12,
            "end_index": 15,
            "title": "1. Source 1",
            "url": f"{SITE}/documents/{LEAVE}?chunk={PASSAGE}&start=25&end=67",
        },
    }


@pytest.mark.parametrize(
    ("changes", "query"),
    [({"chunk_id": None}, ""), ({"start": 0, "end": 0}, f"?chunk={PASSAGE}")],
)
def test_a_source_without_a_place_is_a_link_to_its_document(changes, query):
    (link,) = annotations_of("Thirty days [1].", [cited(1, **changes)], site=SITE, session_id=LEAVE)

    assert link["url_citation"]["url"] == f"{SITE}/documents/{LEAVE}{query}"


def test_a_source_that_is_out_of_sight_keeps_its_number_and_leads_to_the_answer():
    gone = cited(2, document_id=None, chunk_id=None)

    links = annotations_of("A [1], b [2].", [cited(1), gone], site=SITE, session_id=PASSAGE)

    assert [link["url_citation"]["title"] for link in links] == ["1. Source 1", "2. Source 2"]
    assert links[1]["url_citation"]["url"] == f"{SITE}/chat/{PASSAGE}"
    assert links[1]["url_citation"]["start_index"] == 9
