from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.quoting.sentences import content_words, overlap, sentences_of, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One is here. Two is there! Is three? Yes.", 4),
        ("Use e.g. this one. See Fig. 3 and Dr. Rossi, i.e. him.", 2),
        ("Version 3.11 is out. It needs 2.5 GB.", 2),
        ("27.2.5. Streaming Replication is good. It works.", 2),
        ("Penne, carta ecc. Per il sig. Rossi. Domani.", 2),
        ("A line that was broken\nby hand in the middle. Next.", 2),
        ("- first item\n- second item\n1. third", 3),
        ("# Title\nText below.", 2),
        ("A heading\nA sentence follows it here.", 2),
        ("Paragraph one\n\nparagraph two", 2),
        ("| a | b |\n| c | d |", 2),
        ("Publishing¶ These libraries help.", 2),
        ("租户必须通知。发票已支付。谁签\uff1f他。", 4),
        ("「行きます。」と言った。雨です。", 3),
        ("هل دفعت؟ نعم دفعت.", 2),
        ("Das Fest ist am 3. Oktober. Es gilt z.B. Hier.", 2),
        ("Wann: Dienstag, 14. Juli 2026. Wo: Haus B, 2. Stock. Es waren 14. Alle kamen.", 4),
        ("Sie sagt: „Das gilt.“ „Nie!“ »Doch.« „Gut.“ Ende. „Neu.", 6),
        ("Il fait p. ex. Froid. Mme. Curie le dit.", 2),
        ("Дом на ул. Мира. Тут.", 2),
        ("", 0),
        ("  \n\n ", 0),
    ],
)
def test_text_is_split_where_a_reader_would(text, sentences):
    assert len(split_sentences(text)) == sentences


def test_citation_marks_stay_with_their_sentence():
    text = "Lag is shown [1]. It grows fast. [2][3] “Quoted.” [4] The end"

    assert split_sentences(text) == [
        "Lag is shown [1].",
        "It grows fast. [2][3]",
        "“Quoted.” [4]",
        "The end",
    ]


@given(st.text(max_size=300))
def test_no_character_but_white_space_is_lost(text):
    joined = "".join("".join(split_sentences(text)).split())

    assert joined == "".join(text.replace("¶", " ").split())


@pytest.mark.parametrize(
    ("sentence", "passage", "share"),
    [
        ("The lag grows.", "The **lags** were growing", 1.0),
        ("Lag grows [1].", "lag and growth", 0.5),
        ("Bread is baked.", "Replication lag", 0.0),
        ("PORT 5432 is used", "the port `5432`", 1.0),
        ("The port is 5433", "the port is 5432", 0.5),
        ("See [the manual](http://x.example/zebra).", "the manual", 0.5),
        ("It is [1].", "anything", 0.0),
        ("", "anything", 0.0),
        ("anything", "", 0.0),
    ],
)
def test_overlap_is_the_share_of_content_words(sentence, passage, share):
    assert overlap(content_words(sentence, "en"), content_words(passage, "en")) == share


@given(st.text(max_size=200))
def test_overlap_of_a_text_with_itself_is_whole_or_nothing(text):
    assert overlap(content_words(text, "en"), content_words(text, "en")) in {0.0, 1.0}


class Counted(str):
    """A text that counts the characters taken out of it."""

    __slots__ = ("taken",)

    def __getitem__(self, key):
        piece = super().__getitem__(key)
        self.taken = getattr(self, "taken", 0) + len(piece)
        return piece


@pytest.mark.parametrize("piece", ["p. A ", "No. 1 ", "e.g. B. "])
def test_a_text_of_abbreviations_is_copied_a_few_times_at_most(piece):
    text = Counted(piece * 2000)

    found = list(sentences_of(text))

    assert "".join("".join(found).split()) == "".join(text.split())
    assert text.taken < 20 * len(text)
