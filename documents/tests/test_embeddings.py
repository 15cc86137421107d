import numpy as np
import pytest
from django.db import connection
from pgvector import HalfVector

from documents import services
from documents.embedding import configured_model
from documents.enums import Provider
from documents.exceptions import ModelIncomplete, VectorsUnusable
from documents.models import EmbeddingModel, Passage, PassageEmbedding
from documents.services.embeddings import embedded_text, store_vectors
from documents.tests.factories import DocumentFactory, write
from documents.tests.fakes import BrokenEmbedder, LetterEmbedder, PickyEmbedder
from documents.tests.test_collections import in_threads
from youworker.common.exceptions import UpstreamUnavailable


def indexes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'documents_hnsw%%'")
        return {name for (name,) in cursor.fetchall()}


def embed(document, **kwargs):
    return services.embed_document(document.pk, heartbeat=lambda: None, **kwargs)


@pytest.mark.django_db
def test_active_model_is_made_on_first_use_with_its_index():
    model = services.active_model()

    assert (model.provider, model.name, model.dimensions) == configured_model()
    assert services.active_model() == model
    assert model.index_name in indexes()


@pytest.mark.django_db(transaction=True)
def test_active_model_is_made_once_in_a_race():
    found = in_threads(*[lambda: services.active_model().pk] * 4)

    assert len(set(found)) == 1
    assert EmbeddingModel.objects.count() == 1


@pytest.mark.django_db
def test_embed_document_stores_a_vector_per_passage(letters):
    document = DocumentFactory(title="")
    passages = write(document, "abc", "ddd")

    assert embed(document) == 2
    assert embed(document) == 0

    rows = PassageEmbedding.objects.order_by("passage__ordinal")
    assert [row.passage for row in rows] == passages
    assert {(row.document, row.model) for row in rows} == {(document, letters)}
    assert HalfVector(rows[1].vector).to_list()[3] == 1.0


@pytest.mark.django_db
def test_embed_document_beats_between_batches(letters):
    document = DocumentFactory()
    write(document, *[f"text {n}" for n in range(70)])
    beats = []

    services.embed_document(
        document.pk, heartbeat=lambda: beats.append(PassageEmbedding.objects.count())
    )

    assert beats == [32, 64, 70]


@pytest.mark.django_db
def test_embed_document_keeps_what_was_done_before_a_failure(letters):
    document = DocumentFactory()
    write(document, *[f"text {n}" for n in range(40)])

    def stop():
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        services.embed_document(document.pk, heartbeat=stop)

    assert PassageEmbedding.objects.count() == 32
    assert embed(document) == 8


@pytest.mark.django_db
def test_embed_document_embeds_only_what_changed(letters):
    document = DocumentFactory()
    write(document, "stays", "goes")
    embed(document)

    write(document, "stays", "comes")

    assert embed(document) == 1
    assert PassageEmbedding.objects.count() == Passage.objects.count() == 2


@pytest.mark.django_db
def test_store_vectors_leaves_out_passages_that_are_gone(letters):
    stays, goes = write(DocumentFactory(), "stays", "goes")
    vectors = np.ones((2, 26), np.float32)
    Passage.objects.filter(pk=goes.pk).delete()

    store_vectors(letters, [stays.pk, goes.pk], vectors)
    store_vectors(letters, [stays.pk], vectors[:1])

    assert PassageEmbedding.objects.get().passage == stays


@pytest.mark.django_db
def test_embed_document_passes_on_that_the_server_is_down(use):
    use(BrokenEmbedder(), active=True)
    document = DocumentFactory()
    write(document, "text")

    with pytest.raises(UpstreamUnavailable):
        embed(document)

    assert not PassageEmbedding.objects.exists()


@pytest.mark.django_db
def test_a_passage_the_model_refuses_costs_only_itself(use):
    embedder = PickyEmbedder()
    use(embedder, active=True)
    document = DocumentFactory()
    write(document, *[f"text {n}" for n in range(40)], "the zebra", *["more"] * 40)

    with pytest.raises(VectorsUnusable):
        embed(document)

    assert PassageEmbedding.objects.count() == 80
    assert embedder.batches == [32, 32, *[1] * 32, 17]


@pytest.mark.django_db
def test_a_model_that_refuses_everything_is_asked_for_one_batch(use):
    embedder = PickyEmbedder()
    use(embedder, active=True)
    document = DocumentFactory()
    write(document, *[f"zebra {n}" for n in range(90)])

    with pytest.raises(VectorsUnusable):
        embed(document)

    assert embedder.batches == [32, *[1] * 32]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "expected"),
    [(["zebra", "zebra"], VectorsUnusable), (["zebra", "text"], TimeoutError)],
)
def test_a_pass_that_is_interrupted_without_progress_has_failed(use, words, expected):
    use(PickyEmbedder(), active=True)
    document = DocumentFactory()
    write(document, *words)

    def stop():
        if PassageEmbedding.objects.exists() or words[1] == "zebra":
            raise TimeoutError

    with pytest.raises(expected):
        services.embed_document(document.pk, heartbeat=stop)


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


@pytest.mark.django_db(transaction=True)
def test_a_second_model_is_filled_beside_and_activated_when_complete(use, letters):
    document = DocumentFactory()
    write(document, "text")
    embed(document)
    second = services.prepare_model(Provider.OPENAI, "second", 10)
    embedder = LetterEmbedder(10)
    embedder.name = "third"
    third = use(embedder, active=False)

    with pytest.raises(ModelIncomplete):
        services.activate_model(third)
    embed(document, model=third)
    services.activate_model(third)

    assert services.active_model() == third
    assert services.missing_vectors(letters) == 0
    services.activate_model(letters)
    assert services.active_model() == letters
    assert {model.index_name for model in (letters, second, third)} <= indexes()
    for model in (second, third):
        services.drop_model(model)
    assert EmbeddingModel.objects.get() == letters
    assert PassageEmbedding.objects.get().model == letters


@pytest.mark.django_db
def test_the_active_model_cannot_be_dropped(letters):
    with pytest.raises(ModelIncomplete):
        services.drop_model(letters)

    assert letters.index_name in indexes()
