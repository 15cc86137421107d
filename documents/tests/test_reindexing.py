from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from documents import services, tasks
from documents.models import Document, Passage
from documents.search import search
from documents.services.passages import INDEX_VERSION
from documents.tests.factories import DocumentFactory, write
from youworker.core.ids import uuid7
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


def indexed_by_older_rules(*texts, language="fr", **fields):
    """A document as version 0 of the index had it: what PostgreSQL makes of the words alone."""
    document = DocumentFactory(**fields)
    write(document, *texts, language=language)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE documents_passage SET search = to_tsvector('french', text)"
            " WHERE document_id = %s",
            [document.pk],
        )
    Document.all_objects.filter(pk=document.pk).update(index_version=0)
    return document


def found(document, question):
    return [hit.text for hit in search(question, mode="keyword", actor=document.owner).results]


def versions():
    return set(Document.all_objects.values_list("index_version", flat=True))


def test_documents_of_older_rules_are_found_as_they_were_and_then_better():
    document = indexed_by_older_rules("La cafétéria ouvre")
    before = found(document, "cafétéria"), found(document, "cafeteria")

    count = services.reindex_documents()

    assert before == (["La cafétéria ouvre"], [])
    assert count == 1
    assert found(document, "cafeteria") == found(document, "cafétéria") == ["La cafétéria ouvre"]
    assert refreshed(document).index_version == INDEX_VERSION
    assert refreshed(document).updated_at == document.updated_at


def test_what_is_up_to_date_is_left_alone():
    write(DocumentFactory(), "zebras")
    indexed_by_older_rules("zèbres")

    assert services.reindex_documents() == 1
    assert services.reindex_documents() == 0


def test_deleted_documents_are_indexed_again_too():
    document = indexed_by_older_rules("zèbres")
    document.soft_delete()

    assert services.reindex_documents() == 1
    assert versions() == {INDEX_VERSION}


def test_documents_are_indexed_again_bit_by_bit():
    for _ in range(3):
        indexed_by_older_rules("zèbres")

    assert services.reindex_documents(until=0) == 1
    assert Document.objects.indexed_before(INDEX_VERSION).count() == 2
    tasks.reindex_documents()
    assert versions() == {INDEX_VERSION}


def test_more_documents_than_a_page_are_indexed_again():
    first = indexed_by_older_rules("zèbres")
    Document.objects.bulk_create(
        Document(
            pk=uuid7(), owner=first.owner, collection=first.collection, title="x", uri="x",
            mime="x", size=0, sha256="x", path_hash=f"{number}",
        )
        for number in range(250)
    )  # fmt: skip

    assert services.reindex_documents() == 251
    assert versions() == {INDEX_VERSION}


def test_passages_that_stay_the_same_are_not_written():
    document = DocumentFactory()
    (passage,) = write(document, "plain words")
    Document.objects.update(index_version=0)
    before = row_version(passage)

    services.reindex_documents()

    assert row_version(passage) == before
    assert versions() == {INDEX_VERSION}


def row_version(passage):
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid FROM documents_passage WHERE id = %s", [passage.pk])
        return cursor.fetchone()


def test_a_new_version_of_the_file_indexes_what_stays():
    document = indexed_by_older_rules("La cafétéria ouvre")

    write(document, "La cafétéria ouvre", "Elle ferme", language="fr")

    assert found(document, "cafeteria") == ["La cafétéria ouvre"]
    assert Passage.objects.count() == 2
    assert versions() == {INDEX_VERSION}


def test_the_command_says_how_many(capsys):
    indexed_by_older_rules("zèbres")

    call_command("reindex_documents")

    assert capsys.readouterr().out == "1 documents were indexed again.\n"


def test_the_command_counts_first_and_does_as_many_as_it_is_told():
    for _ in range(3):
        indexed_by_older_rules("zèbres")
    out = StringIO()

    call_command("reindex_documents", "--dry-run", stdout=out)
    assert versions() == {0}
    call_command("reindex_documents", "--limit", "2", stdout=out)

    assert out.getvalue().splitlines() == [
        "3 documents would be indexed again.",
        "2 documents were indexed again.",
    ]
    assert services.count_outdated() == 1
    with pytest.raises(CommandError, match="at least 1"):
        call_command("reindex_documents", "--limit", "0")
