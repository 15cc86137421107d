"""What people type and what texts say meet, whatever the accents, elisions and ligatures."""

import pytest

from documents.search import search
from documents.tests.factories import DocumentFactory, write

pytestmark = pytest.mark.django_db

PAIRS = [
    ("it", "Il motivo e\u0300 perche\u0301 lo chiede", "perché lo chiede"),
    ("it", "la qualità delle attività", "qualita attivita"),
    ("it", "il bilancio dell\u2019azienda", "azienda"),
    ("it", "il bilancio dell'azienda", "dell\u2019azienda"),
    ("it", "l\u2019importo dovuto", "importo"),
    ("it", "importo dovuto", "l'importo"),
    ("it", "un\u2019altra società", "altra societa"),
    ("fr", "l\u2019entreprise d\u2019assurance", "assurance entreprise"),
    ("en", "a word about \u00fcber things", "uber"),
    ("de", "Die Straße ist gesperrt", "Strasse"),
    ("de", "Die Strasse ist gesperrt", "Straße"),
    ("de", "Frau Müller kommt", "Mueller"),
    ("de", "Frau Mueller kommt", "Müller"),
    ("de", "Frau Müller kommt", "Muller"),
]


@pytest.mark.parametrize(("language", "text", "query"), PAIRS)
def test_they_meet(language, text, query):
    document = DocumentFactory(title="x")
    write(document, text, "xyz", language=language)
    write(DocumentFactory(owner=document.owner, title="y"), "english text", language="en")

    hits = search(query, mode="keyword", actor=document.owner).results

    assert [hit.text for hit in hits] == [text]
