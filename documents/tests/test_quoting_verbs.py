"""Words of one verb are one, and words of others are not."""

import pytest

from documents.quoting.verbs import FORMS, VERBS
from documents.quoting.words import reader_of


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "öffnen öffnet geöffnet"),
        ("de", "bezahlen bezahlt"),
        ("de", "prüfen prüft geprüft"),
        ("de", "abholen abgeholt"),
        ("de", "warten gewartet"),
        ("de", "halten hält gehalten"),
        ("de", "Gericht Gerichte Gerichten"),
        ("de", "Gemeinde Gemeinden"),
        ("de", "Gebet Gebete"),
        ("de", "Gehalt Gehälter"),
        ("it", "aprire apre aprono aperto aperte"),
        ("it", "chiude chiusa"),
        ("en", "write writes wrote written"),
        ("en", "pay paid"),
    ],
)
def test_forms_of_one_word_are_one(language, words):
    assert len(set(reader_of(language).terms(words))) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Gehalt halten"),
        ("de", "Gebiet bieten"),
        ("de", "Urlaub laufen"),
        ("it", "aprire aprile"),
        ("en", "write right"),
        # The rules of one language are not those of another.
        ("en", "öffnen geöffnet"),
        ("en", "aprire aperto"),
    ],
)
def test_other_words_stay_apart(language, words):
    assert len(set(reader_of(language).terms(words))) == 2


def test_no_form_belongs_to_two_verbs():
    for language, lines in FORMS.items():
        assert len(VERBS[language]) == len(lines.split())
