from __future__ import annotations

from dataclasses import replace

import pytest

from documents.quoting.meaning import MOST_SENTENCES, compare_meaning
from documents.quoting.questions import single_question
from documents.quoting.sentence_ranking import Passage, best_quotes
from documents.quoting.words import reader_of

LEAVE = "Employees have 28 days of annual leave."
# Figures of one kind, each in a section of its own.
RULES = f"""## Leave

{LEAVE}

## Orders

Complaints are answered within 3 days.

## Stock

Returned goods are inspected for 2 days.

## Records

Visitors' names are deleted after 30 days."""
HOLIDAYS = "Quanti giorni di ferie ho?"
ROWS = """| Course | Fee |
|---|---|
| Pottery | £95 |
| Yoga | £80 |
| Spanish | £120 |
| Book-keeping | £210 |
| Choir | £70 |"""


def near(**values):
    """A meaning that finds sentences near that hold a word, and others far."""

    def meaning(_question, sentences):
        asked.append(list(sentences))
        return [
            next((value for word, value in values.items() if word in sentence), 0.01)
            for sentence in sentences[:MOST_SENTENCES]
        ]

    asked = list[list[str]]()
    meaning.asked = asked
    return meaning


def quotes(question, text, meaning, *, asked_in="it", language="en", title=""):
    asked = single_question(question, reader_of(language, asked_in))
    passages = [Passage(1, text, title, title, language)]
    found = best_quotes(replace(asked, asked_in=asked_in), passages, meaning=meaning)
    return [quote.text for quote in found]


def test_the_figure_that_stands_out_answers_in_another_language():
    assert quotes(HOLIDAYS, RULES, near(leave=0.3)) == [LEAVE]


@pytest.mark.parametrize(
    ("question", "text", "asked_in", "language", "answer"),
    [
        ("Quanti piani ha il palazzo?", RULES, "it", "en", None),
        (HOLIDAYS, RULES, "it", "en", LEAVE),
        (
            "How much is the nursery contribution?",
            "Il contributo per l'asilo nido è di 180 euro al mese.\n\n## Acqua\n\nUna perdita "
            "costa 200 euro.\n\n## Carta\n\nLa carta costa 4 euro.\n\n## Pulizie\n\nCostano 90 €.",
            "en",
            "it",
            "Il contributo per l'asilo nido è di 180 euro al mese.",
        ),
        ("How much is the dental insurance?", "## A\n\nLa carta costa 4 euro.", "en", "it", None),
    ],
)
def test_the_real_model_bridges_languages(question, text, asked_in, language, answer):
    found = quotes(question, text, compare_meaning, asked_in=asked_in, language=language)

    assert found == ([answer] if answer else [])


def test_figures_that_are_all_as_near_answer_nothing():
    assert quotes(HOLIDAYS, RULES, near(leave=0.3, Complaints=0.25)) == []


def test_the_nearest_of_what_is_far_answers_nothing():
    assert quotes(HOLIDAYS, RULES, near(leave=0.14)) == []


def test_few_figures_show_nothing():
    text = RULES.split("\n\n## Stock", maxsplit=1)[0]

    assert quotes(HOLIDAYS, text, near(leave=0.3)) == []


def test_a_row_has_to_stand_out_of_its_own_table():
    question = "Quanto costa il corso di ceramica?"

    assert quotes(question, ROWS, near(Pottery=0.3)) == ["Pottery | £95"]
    assert quotes(question, ROWS, near(Pottery=0.3, Yoga=0.28)) == []


def test_what_is_as_near_in_the_same_section_is_quoted_with_it():
    other = "Part-time employees have 16 days."
    text = RULES.replace(LEAVE, f"{LEAVE} {other}")

    assert quotes(HOLIDAYS, text, near(leave=0.3, Part=0.28)) == [f"{LEAVE} {other}"]
    assert quotes(HOLIDAYS, text, near(leave=0.3, Part=0.1)) == [LEAVE]


def test_a_code_that_the_document_lacks_is_not_bridged():
    assert quotes("Quanti giorni dura la pompa P400?", RULES, near(leave=0.5)) == []


def test_the_own_language_is_not_compared_twice():
    meaning = near(leave=0.3)

    quotes("How many days of leave do I have?", RULES, meaning, asked_in="en")

    assert len(meaning.asked) == 1
