from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from documents import services
from documents.enums import DocumentStatus
from documents.models import Passage
from documents.tests.factories import DocumentFactory, drafts, write
from documents.types import PassageDraft
from youworker.core.config import config
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


def lexemes(passage):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tsvector_to_array(search) FROM documents_passage WHERE id = %s", [passage.pk]
        )
        return set(cursor.fetchone()[0])


def test_replace_passages_stores_and_describes():
    document = DocumentFactory(status=DocumentStatus.PROCESSING)
    passages = [PassageDraft(0, "one\x00 two", "Head\x00ing", 3, 0, 7)]

    count = services.replace_passages(
        document.pk, passages, language="it", pages=4, title="Parsed\x00"
    )

    stored, document = Passage.objects.get(), refreshed(document)
    assert (stored.text, stored.heading, stored.page) == ("one two", "Heading", 3)
    assert (stored.ordinal, stored.start, stored.end) == (0, 0, 7)
    assert (document.title, document.language, document.text_config) == ("Parsed", "it", "italian")
    assert (document.pages, document.passage_count, document.status, count) == (
        4, 1, DocumentStatus.SEARCHABLE, 1,
    )  # fmt: skip


def test_replace_passages_keeps_every_other_character():
    text = "\x01\x0b\u200b\ufeff\ud7ff 🎉 e\u0301 \u202e\uffff"

    (passage,) = write(DocumentFactory(), text)

    assert Passage.objects.get(pk=passage.pk).text == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "+00000000 00 00 00 00",
            "\u0640\u0640 \u0301 \u0640.\u0640",
            "\u00ad\u200b",
            "' \u2019 -",
        ),
        *("\u0e31\u0e31 \u17d2 \u1039", "\U000e0001\U0001f1e6 \uffff", "\u00b2 \u2122 \u3164"),
        "".join(map(chr, [*range(1, 0xD800, 7), *range(0xE000, 0x30000, 11)])),
    ],
)
def test_replace_passages_takes_texts_of_nothing_but_signs(text):
    (passage,) = write(DocumentFactory(title=text[:100] or "x"), text)

    assert Passage.objects.get(pk=passage.pk).text == text


def test_replace_passages_keeps_rows_of_unchanged_text():
    document = DocumentFactory()
    old = write(document, "alpha", "beta", "gamma", "beta")

    new = write(document, "new", "beta", "alpha", "beta")

    assert [row.text for row in new] == ["new", "beta", "alpha", "beta"]
    assert [row.pk for row in new[1:]] == [old[1].pk, old[0].pk, old[3].pk]
    assert [row.start for row in new] == [0, 4, 9, 15]
    assert Passage.objects.count() == 4


def test_replace_passages_twice_changes_nothing():
    document = DocumentFactory()
    first = write(document, "alpha", "beta")

    assert write(document, "alpha", "beta") == first
    assert refreshed(document).passage_count == 2


def test_replace_passages_counts_a_new_heading_as_new():
    document = DocumentFactory()
    (old,) = write(document, "alpha", heading="One")

    (new,) = write(document, "alpha", heading="Two")

    assert old.pk != new.pk


def test_replace_passages_stores_more_than_a_batch():
    document = DocumentFactory()

    found = write(document, *[f"passage number {n}" for n in range(1001)])

    assert [row.ordinal for row in found] == list(range(1001))
    assert refreshed(document).passage_count == 1001


def test_passages_are_indexed_with_title_heading_and_identifiers():
    document = DocumentFactory(title="Annual Reports")

    (passage,) = write(document, "call os.path.join(HTTPServer)", heading="Running servers")

    assert lexemes(passage) >= {
        *("annual", "report", "run", "server", "call"),
        *("os.path.join", "os.path", "path", "httpserver"),
    }


def test_a_new_language_reindexes_what_stays():
    document = DocumentFactory()
    (passage,) = write(document, "gatti neri", language="en")
    before = lexemes(passage)

    write(document, "gatti neri", language="it")

    assert before >= {"gatti", "neri"}
    assert lexemes(passage) >= {"gatt", "ner"}


def test_an_unknown_language_uses_the_configured_one():
    document = DocumentFactory()

    write(document, "words", language="")

    assert refreshed(document).text_config == config.vector.language


def test_a_language_without_a_configuration_is_indexed_word_by_word():
    document = DocumentFactory()

    write(document, "maszyny the", language="pl")

    assert refreshed(document).text_config == "simple"
    assert refreshed(document).language == "pl"


def test_a_parsed_title_reindexes_what_stays():
    document = DocumentFactory()
    (passage,) = write(document, "words")

    with transaction.atomic():
        services.replace_passages(
            document.pk, drafts("words"), language="en", pages=None, title="Marvellous"
        )

    assert "marvel" in lexemes(passage)


def test_ordinals_stay_unique_within_a_document():
    document = DocumentFactory()
    twice = [replace(draft, ordinal=0) for draft in drafts("one", "two")]
    services.replace_passages(document.pk, twice, language="en", pages=None)

    with pytest.raises(IntegrityError, match="passage_ordinal_once"), transaction.atomic():
        connection.check_constraints()

    Passage.objects.all().delete()
