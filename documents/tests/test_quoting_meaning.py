from __future__ import annotations

import pytest

from documents.enums import Provider
from documents.quoting import meaning
from documents.quoting.meaning import MOST_SENTENCES, compare_meaning
from youworker.core.exceptions import UpstreamUnavailable

LEAVE = "Full-time staff have 27 days of paid leave a year."
FERIEN = "Mitarbeitende haben 25 Ferientage im Jahr."
TONER = "Toner is ordered by the printer itself."


def test_the_sentence_that_answers_is_nearest_whatever_its_words_are():
    leave, ferien, toner = compare_meaning(
        "How many vacation days do employees get?", [LEAVE, FERIEN, TONER]
    )

    assert min(leave, ferien) > toner + 0.2
    assert 0 <= toner < leave <= 1


def test_no_more_sentences_are_compared_than_are_worth_it():
    assert len(compare_meaning("Is it so?", ["It is so."] * (MOST_SENTENCES + 5))) == MOST_SENTENCES
    assert compare_meaning("Is it so?", []) == []


@pytest.mark.parametrize(
    "model", [(Provider.OPENAI, "bge-m3", 1024), (Provider.LOCAL, "all-MiniLM-L6-v2-int8", 384)]
)
def test_models_whose_scale_nobody_measured_are_not_asked(model, monkeypatch):
    monkeypatch.setattr(meaning, "configured_model", lambda: model)

    assert compare_meaning("Is it so?", ["It is so."]) == []


def test_words_alone_count_while_the_model_does_not_answer(monkeypatch, caplog):
    class Silent:
        def embed(self, _texts):
            raise UpstreamUnavailable("The embedding process does not answer.")

    monkeypatch.setattr(meaning, "embedder_of", lambda *_model: Silent())

    assert compare_meaning("Is it so?", ["It is so."]) == []
    assert "does not answer" in caplog.text
