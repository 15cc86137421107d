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


LIST = """Backups are kept for 35 days.

The following is removed first:

- temporary dumps
- logs older than a week
- previews of pictures

- signed by Anna
"""


def test_what_was_said_of_a_list_is_quoted_with_what_announces_it():
    said = f"The following is removed first: {', '.join(LIST.splitlines()[4:7])}"

    assert quoted(said, LIST) == LIST[LIST.index("The f") : LIST.index("\n\n- signed")]
    assert quoted("First of all temporary dumps are removed.", LIST) == (
        "The following is removed first:\n\n- temporary dumps"
    )


def test_a_title_is_not_quoted_with_its_sentence():
    text = "Cleaning the tanks\nThe tanks are cleaned on Fridays. They are rinsed first."

    assert quoted("The tanks are cleaned on Fridays.", text) == "The tanks are cleaned on Fridays."


def test_neighbours_that_were_said_word_by_word_are_quoted():
    text = "Milk is white. Dumps are kept for 35 days. Monthly for a year. Grass is green."

    assert quoted("Dumps are kept for 35 days. Monthly for a year.", text) == text[15:62]
