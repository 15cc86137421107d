import numpy as np
import pytest
from django.db import connection

from documents import services
from documents.embedding import configured_model
from documents.models import EmbeddingModel, Passage, PassageEmbedding
from documents.services.embeddings import build_index, embedded_text, store_vectors
from documents.tests.factories import DocumentFactory, write
from documents.tests.fakes import LetterEmbedder
from documents.tests.test_collections import in_threads


def indexes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'documents_hnsw%%'")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_active_model_is_made_on_first_use_with_its_index():
    model = services.ensure_active_model()

    assert (model.provider, model.name, model.dimensions) == configured_model()
    assert services.ensure_active_model() == model
    assert model.index_name in indexes()


@pytest.mark.django_db(transaction=True)
def test_active_model_is_made_once_in_a_race():
    found = in_threads(*[lambda: services.ensure_active_model().pk] * 4)

    assert len(set(found)) == 1
    assert EmbeddingModel.objects.count() == 1


@pytest.mark.django_db
def test_store_vectors_leaves_out_passages_that_are_gone(letters):
    stays, goes = write(DocumentFactory(), "stays", "goes")
    vectors = np.ones((2, 26), np.float32)
    Passage.objects.filter(pk=goes.pk).delete()

    store_vectors(letters, [stays.pk, goes.pk], vectors)
    store_vectors(letters, [stays.pk], vectors[:1])

    assert PassageEmbedding.objects.get().passage == stays


@pytest.mark.parametrize(
    ("title", "heading", "text"),
    [
        ("Title", "Part > Chapter", "Title > Part > Chapter\nbody"),
        ("Title", "Title > Part", "Title > Part\nbody"),
        ("Title", "", "Title\nbody"),
        ("", "", "body"),
    ],
)
def test_embedded_text_says_where_the_passage_stands(title, heading, text):
    assert embedded_text(title, heading, "body") == text


@pytest.mark.django_db
def test_store_vectors_leaves_out_a_model_that_is_gone(letters, use):
    other = use(LetterEmbedder(10), active=False)
    (passage,) = write(DocumentFactory(), "text")
    EmbeddingModel.objects.filter(pk=other.pk).delete()

    store_vectors(other, [passage.pk], np.ones((1, 10), np.float32))

    assert not PassageEmbedding.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_index_whose_making_was_interrupted_is_made_again(letters):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)",
            [letters.index_name],
        )

    build_index(letters)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
            [letters.index_name],
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_missing_vectors_are_found_without_reading_those_of_other_documents(letters):
    document = DocumentFactory()
    missing = Passage.objects.filter(document=document).without_vector(letters)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO off")

    plan = missing.explain()

    assert "passage_embedded_once" in plan
    assert "Seq Scan" not in plan
