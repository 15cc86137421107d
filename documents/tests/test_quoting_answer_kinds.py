from __future__ import annotations

import pytest

from documents.quoting.answer_kinds import counted_words, counts, kinds_of
from documents.quoting.names import codes_in, is_named, names_in
from documents.quoting.words import reader_of
from youworker.core.unicode import fold

ASKED = {
    "How do I reset the password?": "how_to",
    "What should I do if there is a fire?": "how_to",
    "Come si calibra la bilancia?": "how_to",
    "Wie kann ich das Passwort ändern?": "how_to",
    "How much does the pump cost?": "money",
    "What does the pump cost?": "money",
    "What is the yearly fee?": "money",
    "Quanto costa il badge?": "money",
    "A quanto ammonta il canone?": "money",
    "Was kostet die Wartung?": "money",
    "Was kosten die Membranen?": "money",
    "Wie teuer ist die Wartung?": "money",
    "Combien coûte la coloration ?": "money",
    "Quel est le prix de la coupe ?": "money",
    "¿Cuánto cuesta la bomba?": "money",
    "Quanto custa a bomba?": "money",
    "How heavy is the pump?": "weight",
    "What is the maximum temperature?": "temperature",
    "What is the phone number of the desk?": "contact",
    "Di che colore è la bilancia? È blu?": "colour",
    "When is the next meeting?": "time",
    "How long is the warranty?": "time",
    "Entro quando si chiedono le ferie?": "time",
    "Ogni quanto si pulisce?": "time",
    "Wie lange dauert die Wartung?": "time",
    "How many days of leave do I have?": "number",
    "Quante ferie ho?": "number",
    "Who signed the contract?": "person",
    "Chi è il responsabile?": "person",
    "Wer leitet die Abteilung?": "person",
    "Where is the assembly point?": "place",
    "Dove si parcheggia?": "place",
    "Dov'è il parcheggio?": "place",
    "Why was it postponed?": "reason",
    "What is a standby server?": "meaning",
}


@pytest.mark.parametrize(("question", "name"), ASKED.items())
def test_the_kind_of_answer_is_known_by_the_question(question, name):
    assert kinds_of(question)[0].name == name


@pytest.mark.parametrize(
    "question",
    [
        "Can I work from another country?",
        "What do I get when I use my own car?",
        "Is the order fixed?",
        "",
    ],
)
def test_other_questions_want_nothing_special(question):
    assert [kind.name for kind in kinds_of(question) if kind.is_strict] == []


@pytest.mark.parametrize(
    ("name", "fits", "does_not"),
    [
        ("money", "It is £15.", "It takes three days."),
        ("money", "Il duplicato costa 20 euro.", "Il duplicato si ritira in portineria."),
        ("weight", "Weight: 18.5 kg", "Flow rate: 5 to 400 litres per hour"),
        ("temperature", "da 5 a 40 °C", "Maximum pressure: 25 bar"),
        ("contact", "call +44 113 496 0177", "call the reception"),
        ("time", "It expires on 31 March.", "It is kept in the vault."),
        ("time", "Sie werden nach dreißig Tagen bezahlt.", "Sie werden bezahlt."),
        ("number", "There are twelve of them.", "There are some of them."),
        ("person", "Signed by Ingrid Petersen.", "It was signed in haste."),
        ("place", "Meet at the bus stop in Kirk Lane.", "Leave quickly."),
    ],
)
def test_an_answer_of_a_kind_has_its_form(name, fits, does_not):
    given = next(kind.given for kind in map(kind_of, ASKED) if kind.name == name)

    assert given.search(fits)
    assert not given.search(does_not)


def kind_of(question):
    return kinds_of(question)[0]


def test_what_is_counted_stands_beside_its_number():
    reader = reader_of("en")
    counted = counted_words("How many employees does it have?", reader)

    assert counts("It has 450 employees in Leeds.", counted, reader)
    assert counts("Employees: 450", counted, reader)
    assert not counts("Employees who travel get 27 days of leave.", counted, reader)
    assert not counts("All employees get leave.", counted, reader)


def test_names_and_codes_are_known_by_how_they_are_written():
    question = "What does error E04 of the P200 in Napoli mean for the VPN?"

    assert codes_in(question) == ["e04", "p200"]
    assert names_in(question, "en") == ["napo"]
    assert names_in("Was kostet die Wartung der Waage?", "de") == []
    assert names_in("WHO PAYS THE RENT", "en") == []


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("p200", "The P200 doses.", True),
        ("p200", "The P2000 doses.", False),
        ("zuri", "Arbeitszeit in Zürich", True),
        ("ital", "in Italy", True),
        ("napo", "the snapo", False),
        ("e04", "| E04 | leak |", True),
    ],
)
def test_a_code_has_to_be_the_word_and_a_name_its_beginning(name, text, there):
    assert is_named(name, fold(text)) is there
