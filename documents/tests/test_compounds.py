"""German compounds are found by their parts, and other words are not divided."""

import time

import pytest

from documents import services
from documents.compounds import compound_parts, divided, known_parts
from documents.search import search
from documents.tests.factories import DocumentFactory, write

# Written for this test, not for the list.
COMPOUNDS = {
    "Krankenversicherung": "Versicherung",
    "Haftpflichtversicherung": "Versicherung",
    "Kündigungsfrist": "Frist Kündigung",
    "Mietvertrag": "Vertrag",
    "Kaufverträge": "Verträge",
    "Urlaubsanspruch": "Anspruch Urlaub",
    "Betriebsvereinbarungen": "Vereinbarung",
    "Zahlungsbedingungen": "Bedingungen",
    "Rechnungsnummer": "Nummer der Rechnung",
    "Brandschutzordnung": "Ordnung",
    "Vertragslaufzeit": "Zeit Vertrag",
    "Bundesverfassungsgericht": "Gericht",
    "Fahrtkosten": "Kosten",
    "Probezeit": "Zeit",
    "Schlüsselübergabe": "Übergabe Schlüssel",
    "Reisekostenabrechnung": "Abrechnung Reise",
    "Krankmeldung": "Meldung",
    "Müllabfuhr": "Müll",
    "Wasserzählers": "Zähler",
    "Besprechungsräume": "Besprechung Räume",
    "Auftragsbestätigung": "Bestätigung Auftrag",
    "Arbeitsplatz": "Arbeitsplatz",
}
# What a careless division would find in them.
APART = {
    "Vertrag": "Trag",
    "Mietvertrag": "Ertrag",
    "Versicherung": "Sicherung",
    "Verantwortung": "Antwort",
    "Überweisung": "Weisung",
    "Staubecken": "Ecken",
    "Gesellschaft": "Schaft",
    "Entwicklung": "Wicklung",
    "Dokumentation": "Station",
    "Krankenversicherung": "Sicherung",
    "vergessen": "Essen",
    "Nachteile": "Eile",
    "Parameter": "Meter",
    "Netzwerke": "Werk",
    "Fortschritte": "Schritte",
    "Bundesamt": "Samt",
}


def found(text, query, language="de"):
    document = DocumentFactory(title="x")
    write(document, text, "ganz etwas anderes", language=language)
    return [hit.text for hit in search(query, mode="keyword", actor=document.owner).results]


@pytest.mark.django_db
@pytest.mark.parametrize(("word", "query"), COMPOUNDS.items())
def test_compounds_are_found_by_their_parts(word, query):
    text = f"Hier steht {word} im Satz."

    assert found(text, query) == found(text, word) == [text]


@pytest.mark.django_db
@pytest.mark.parametrize(("word", "query"), APART.items())
def test_what_only_looks_like_a_part_is_not_found(word, query):
    assert found(f"Hier steht {word} im Satz.", query) == []


@pytest.mark.django_db
def test_other_languages_have_no_compounds():
    assert found("The Mietvertrag is a contract.", "Vertrag", language="en") == []


@pytest.mark.django_db
def test_titles_and_headings_have_compounds():
    document = DocumentFactory(title="Mietvertrag")
    write(document, "etwas", heading="Kündigungsfrist", language="de")

    for query in ("Vertrag", "Frist"):
        assert len(search(query, mode="keyword", actor=document.owner).results) == 1


@pytest.mark.django_db
def test_a_phrase_of_a_part_means_the_part_itself():
    assert found("Der Mietvertrag gilt.", '"Vertrag"') == []
    assert found("Der Mietvertrag gilt.", '"Mietvertrag gilt"') == ["Der Mietvertrag gilt."]


@pytest.mark.django_db
def test_choosing_german_divides_compounds():
    document = DocumentFactory()
    write(document, "Der Mietvertrag gilt.", language="")

    services.update_document(document, language="de", actor=document.owner)

    assert len(search("Vertrag", mode="keyword", actor=document.owner).results) == 1


def test_parts_use_up_the_word():
    assert divided("krankenversicherung") == ("kranken", "versicherung")
    assert divided("brandschutzordnung") == ("brand", "schutz", "ordnung")
    assert divided("xqzvbnversicherung") == ()
    assert compound_parts("Mietvertrag, Mietvertrag und MIETVERTRAG") == ["miet", "vertrag"]


def test_the_list_is_one_of_plain_words():
    assert 10_000 < len(known_parts()) < 20_000
    assert all(len(part) >= 4 and part == part.lower() for part in known_parts())


def test_dividing_costs_little():
    text = " ".join(f"{word} steht hier {n}" for n in range(200) for word in COMPOUNDS)
    hostile = "A" + "versicherungs" * 4 + " B" + "enener" * 10 + " C" + "ab" * 30
    divided.cache_clear()

    began = time.process_time()
    compound_parts(text)
    compound_parts(f"{hostile} " * 500)

    assert time.process_time() - began < 0.5
