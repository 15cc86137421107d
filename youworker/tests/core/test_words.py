"""Sentences that are stored, and told to each reader in their language."""

from __future__ import annotations

import orjson
import pytest
from django.utils.translation import override

from youworker.core.exceptions import NotFound, RateLimited
from youworker.core.words import LONGEST_DETAIL, Sentence

# Both are in the catalogue.
SILENCE = Sentence("no answer within %(seconds)s s", {"seconds": "5"})
SAYING = "%(name)s: %(reason)s"


def kept(sentence: Sentence) -> Sentence:
    """The sentence as it comes back from where it was stored."""
    found = Sentence.from_json(orjson.loads(orjson.dumps(sentence.as_json())))
    assert found is not None
    return found


def test_a_sentence_is_told_in_the_language_of_whoever_reads_it() -> None:
    with override("it"):
        assert str(SILENCE) == "nessuna risposta entro 5 s"
        assert SILENCE.in_english() == "no answer within 5 s"


def test_a_sentence_within_another_is_translated_with_it() -> None:
    stored = kept(Sentence(SAYING, {"name": "crm", "reason": SILENCE}))

    with override("it"):
        assert str(stored) == "crm: nessuna risposta entro 5 s"
    with override("en"):
        assert str(stored) == "crm: no answer within 5 s"


def test_several_stand_one_behind_the_other() -> None:
    together = kept(Sentence.joined([Sentence("100 % %s"), SILENCE]))

    assert str(Sentence.joined([SILENCE])) == "no answer within 5 s"
    with override("it"):
        assert str(together) == "100 % %s nessuna risposta entro 5 s"


def test_a_refusal_says_the_same_as_a_sentence() -> None:
    refusal = NotFound("There is no %(name)r, 7 %% of it.", name="x")

    assert str(kept(Sentence.of(refusal))) == refusal.message == "There is no 'x', 7 % of it."


def test_details_that_a_message_does_not_name_change_nothing() -> None:
    refusal = RateLimited("Only 10 % are left.", wait=3)

    assert str(kept(Sentence.of(refusal))) == refusal.message == "Only 10 % are left."


def test_details_of_strangers_are_told_as_they_are() -> None:
    said = "%(name)s {0} <b>\x00\ud800" + "x" * 2 * LONGEST_DETAIL

    told = str(kept(Sentence(SAYING, {"name": "crm", "reason": said})))

    assert told.startswith("crm: %(name)s {0} <b>?xx")
    assert len(told) == len("crm: ") + LONGEST_DETAIL


@pytest.mark.parametrize("number", [3, 2.5, True, 10**40, float("nan")])
def test_numbers_can_be_stored(number: float) -> None:
    assert Sentence.from_json(Sentence(SAYING, {"name": number, "reason": ""}).as_json())


def test_every_text_of_a_sentence_is_changed_also_within_another() -> None:
    inner = Sentence(SAYING, {"name": "key=1", "reason": 7})

    changed = Sentence(SAYING, {"name": "key=2", "reason": inner}).with_texts(
        lambda text: text.replace("key", "…")
    )

    assert str(changed) == "…=2: …=1: 7"


@pytest.mark.parametrize(
    "stored", [None, "", "[damaged]", [], {}, {"message": 1, "details": {}}, {"message": "x"}]
)
def test_what_is_no_sentence_is_none(stored: object) -> None:
    assert Sentence.from_json(stored) is None
