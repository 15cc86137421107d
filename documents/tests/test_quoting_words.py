from __future__ import annotations

import pytest

from documents.quoting.words import reader_of


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("index", "indexes", "indexed", "indexing")),
        ("en", ("query", "queries")),
        ("en", ("replicate", "replication", "replicated", "replicating")),
        ("en", ("configure", "configuration", "configuring", "configured")),
        ("en", ("run", "running")),
        ("it", ("connessione", "connessioni")),
        ("de", ("Rechnung", "Rechnungen")),
        ("fr", ("facture", "factures", "facturer")),
        ("pl", ("faktura", "faktury")),
    ],
)
def test_forms_of_a_word_share_a_stem(language, words):
    assert len(set(reader_of(language).terms(" ".join(words)))) == 1


def test_different_words_keep_different_stems():
    words = "table column index query lock port user role view trigger"

    assert len(set(reader_of("en").terms(words))) == len(words.split())


def test_terms_leave_out_what_says_nothing():
    text = "What is the max_size of a B-tree in L'Aquila, in 2024?"

    assert reader_of("en", "it").terms(text) == [
        "max_size",
        "max",
        "size",
        "tree",
        "aquila",
        "2024",
    ]


def test_stop_words_of_the_language_asked_in_say_nothing_either():
    assert reader_of("en", "de").terms("Was ist die lag?") == ["lag"]
    assert "ist" in reader_of("en").terms("Was ist die lag?")


def test_languages_without_spaces_are_read_in_pairs_of_characters():
    assert reader_of("zh").terms("重启服务器 v2 的") == ["重启", "启服", "服务", "务器", "v2", "的"]


def test_an_unknown_language_is_read_word_by_word():
    assert reader_of("").terms("Running runners") == ["running", "runners"]
