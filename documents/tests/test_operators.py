"""How queries are read; what is no operator stays as it was written."""
# ruff: noqa: RUF001 -- quotes and letters that look alike are what this is about

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.search.file_types import KINDS, known_type, type_rule
from documents.search.operators import (
    LONGEST_WITH_OPERATORS,
    NAMES,
    Filter,
    Understood,
    text_beside,
    understand,
)

WORDS = st.text("abcdefghijklmnopqrstuvwxyzäßé中文0123456789", min_size=1, max_size=12)
PIECES = st.sampled_from(
    ['"', "-", ":", " ", "„", "“", "«", "»", "type", "after", "2024", "tag", "(", "a", "ab c", "\n"]
)


@pytest.mark.parametrize(
    ("query", "text", "phrases", "excluded"),
    [
        ('the "read-only replica"', "the read-only replica", ["read-only replica"], []),
        ("„Frist der Kündigung“ -Miete", "Frist der Kündigung", ["Frist der Kündigung"], ["Miete"]),
        ("“a  b”, “c”", "a b, c", ["a b", "c"], []),
        ("« appel d’offres » x", "appel d’offres x", ["appel d’offres"], []),
        ("»ein Wort« y", "ein Wort y", ["ein Wort"], []),
        ("请问“人工智能”是什么", "请问人工智能是什么", ["人工智能"], []),
        ("「有給休暇」", "有給休暇", ["有給休暇"], []),
        ('("a b")?', "(a b)?", ["a b"], []),
        ("jaguar -car, -“big cat”", "jaguar", [], ["car", "big cat"]),
        ("x -e-mail -über", "x", [], ["e-mail", "über"]),
        ('"a b" "a b" -xyz -xyz', "a b a b", ["a b"], ["xyz"]),
    ],
)
def test_phrases_and_exclusions(query, text, phrases, excluded):
    read = understand(query)

    assert (read.text, list(read.phrases), list(read.excluded)) == (text, phrases, excluded)


@pytest.mark.parametrize(
    "query",
    [
        "",
        '"',
        '""',
        '" "',
        '"!?"',
        '"unclosed words',
        '5" and 6" screens',
        'print("hello world")',
        'lang:"x y"',
        "foo:bar",
        "https://example.org/a:b?c=-d",
        "C:\\Windows",
        "std::vector<int>",
        "title: The Book",
        "type:nonsense",
        "type:",
        "tag:...",
        "after:noon before:2024-13 after:2024-02-30 before:999",
        "-after:2024",
        "-5 degrees, 10:30, 3-4 weeks",
        "an e-mail - or a letter - of 2020-05-01",
        "rm -rf --dry-run -v",
        "-draft",
        '-"all of it"',
        "Miet- und -pachtvertrag",
        "f(-word) a-b -",
        "it's Anna's 'quote of speech'",
        " ".join(f'"a{n}"' for n in range(21)),
        'page "' + "x " * LONGEST_WITH_OPERATORS + '"',
    ],
)
def test_what_is_no_operator_stays_as_it_is(query):
    assert understand(query) == Understood(query)


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("type:pdf", [Filter("type", "pdf")]),
        ("Tipo:PDF, x", [Filter("type", "pdf")]),
        ("type:image/* type:application/pdf", ["image/*", "application/pdf"]),
        ('tag:"my tag" -tag:old', [Filter("tag", "my tag"), Filter("tag", "old", negated=True)]),
        ("title:„a b“ titolo:c", [Filter("title", "a b"), Filter("title", "c")]),
        ("raccolta:Contratti", [Filter("collection", "Contratti")]),
        ("dopo:2024 prima:2024-5", [Filter("after", "2024-01-01"), Filter("before", "2024-05-01")]),
        ('after:"2024-02-29"', [Filter("after", "2024-02-29")]),
    ],
)
def test_filters(query, filters):
    expected = tuple(Filter("type", one) if isinstance(one, str) else one for one in filters)

    assert understand(query).filters == expected


def test_the_narrowest_days_count():
    read = understand("x after:2023 after:2024-05 before:2025 before:2026")

    assert (read.after, read.before) == (date(2024, 5, 1), date(2025, 1, 1))


def test_every_type_that_is_offered_is_a_condition():
    for text in [*KINDS, "docx", "image", "text/*", "image/png"]:
        assert known_type(text)
        assert type_rule(text)
    for text in ["", "x", "a/b/c", "/", "*/*", "pdf "]:
        assert not known_type(text)


@given(st.lists(st.one_of(WORDS, PIECES), max_size=30).map("".join))
def test_any_query_can_be_read(query):
    read = understand(query)

    if not read.restricts:
        assert read == Understood(query)
    assert len(read.pieces) >= len(read.phrases) + len(read.excluded) + len(read.filters)
    assert all(phrase.strip() for phrase in (*read.phrases, *read.excluded))
    assert all(phrase in read.text for phrase in read.phrases)
    assert all(piece.start < piece.end <= len(query) for piece in read.pieces)
    assert read.as_json()["text"] == read.text


@given(st.lists(WORDS, min_size=1, max_size=8).map(" ".join))
def test_plain_words_are_never_touched(query):
    assert understand(query) == Understood(query)


@given(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), st.sampled_from(['""', "“”", "„“"]))
def test_what_is_quoted_is_a_phrase(words, quotes):
    assert understand(f"x {quotes[0]}{words}{quotes[1]} y").phrases == (words,)


@given(st.lists(st.one_of(WORDS, PIECES), max_size=20).map("".join))
def test_operators_can_be_taken_away_one_by_one(query):
    for _ in range(len(query) + 1):
        read = understand(query)
        if not read.pieces:
            break
        shorter = text_beside(query, [read.pieces[0]])
        assert len(shorter) < len(query)
        query = shorter

    assert not understand(query).pieces


def test_names_are_those_of_the_page_in_both_languages():
    assert set(NAMES.values()) == {"title", "tag", "type", "after", "before", "collection"}
