"""Places of sentences, and the sentences that support what was said."""

from __future__ import annotations

import itertools

import pytest

from documents.quoting.sentences import content_words, sentence_spans, split_sentences
from documents.quoting.supporting import LONGEST_QUOTE, best_quote

TEXTS = [
    "One. Two! “Three?” [3] Four",
    "# Heading\n\nA wrapped\nsentence here. Next one.\n\n- an item\n- another one.\n",
    "日本語の文です。\n次の文です。まだ\n続く。",
    "Heading¶\nText below it. More.",
    "  \t Leading.\u2028And more.\x85 End. \n\n",
    "| a | b |\n|---|---|\n| 1. x | 2. Y |",
    "",
    "¶",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_places_of_sentences_hold_what_is_split(text):
    def bare(part):
        return "".join(part.replace("¶", "").split())

    spans = sentence_spans(text)

    assert [bare(text[start:end]) for start, end in spans] == list(map(bare, split_sentences(text)))
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert all(text[start:end].strip() == text[start:end] for start, end in spans)


def quoted(said, text):
    span = best_quote(content_words(said, "en"), text, "en")
    return text[span.start : span.end]


def test_a_second_sentence_is_quoted_when_it_adds_enough():
    text = "The primary sends its log. The standby replays it. Milk is white."

    assert quoted("The primary sends its log.", text) == "The primary sends its log."
    assert quoted("The log is sent, and the standby replays it.", text) == text[:50]


def test_sentences_of_different_paragraphs_are_not_joined():
    text = "The primary sends its log.\n\nThe standby replays it."

    assert quoted("The primary's log is sent to a standby which replays", text) in text.split(
        "\n\n"
    )


@pytest.mark.parametrize("lead", ["- ", "* ", "1. ", "> ", "> - "])
def test_signs_of_lists_and_quotes_are_not_quoted(lead):
    assert (
        quoted("Backups run at night.", f"{lead}Backups run at night.") == "Backups run at night."
    )


def test_a_long_sentence_is_cut_behind_a_word():
    text = "word " * 1000

    quote = quoted("word", text)

    assert LONGEST_QUOTE - 6 <= len(quote) <= LONGEST_QUOTE
    assert quote.endswith("word")
