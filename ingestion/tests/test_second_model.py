"""A second embedding model is filled by real workers, which die, while uploads go on."""

from itertools import count

import pytest

from accounts.tests.factories import UserFactory
from documents import embedding, search
from documents import services as documents
from documents.embedding.openai import OpenAIEmbedder
from documents.enums import DocumentStatus, Provider
from documents.models import Document, EmbeddingModel, EmbeddingTask, PassageEmbedding
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from ingestion.tests.test_workers import swept, worker
from youworker.tests.support.configuring import override_config
from youworker.tests.support.model_server import ModelServer
from youworker.tests.support.waiting import wait_until

DIMENSIONS = 64
TEXT = "Unit {0} is described here. It opens at {0} o'clock. " * 40


@pytest.fixture
def upload(incoming):
    """Hands some files in, all different."""
    owner, numbers = UserFactory(), count()

    def act(files):
        texts = [TEXT.format(next(numbers)) for _ in range(files)]
        handed = [incoming(f"{n}.txt", text) for n, text in enumerate(texts)]
        return services.start_upload(handed, actor=owner)

    return act


@pytest.fixture(autouse=True)
def _no_client_left(monkeypatch):
    """Models that this process loads are its own, and so are their connections."""
    mine = {}
    monkeypatch.setattr(embedding, "loaded", mine)
    yield
    for embedder in mine.values():
        if isinstance(embedder, OpenAIEmbedder):
            embedder.client.close()


def vectors_of(model):
    return PassageEmbedding.objects.of_model(model).count()


def all_ready():
    return not IngestionItem.objects.active().exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_second_model_completes_while_workers_die_and_its_server_is_away(upload):
    first = documents.ensure_active_model()
    upload(12)
    with worker():
        wait_until(swept(all_ready), seconds=120)

    with ModelServer(dimensions=DIMENSIONS) as server:
        port = server.port
        environment = {"EMBEDDING_BASE_URL": server.base_url, "RETRY_BASE_SECONDS": "0.05"}
        with override_config("vector", embedding_base_url=server.base_url):
            second = documents.prepare_model(Provider.OPENAI, "double", DIMENSIONS)
            documents.settle_models()
        upload(4)
        with worker(**environment):
            wait_until(swept(lambda: vectors_of(second)), seconds=60)
        # Killed in the middle.
        upload(4)

    # Its server is away; what is uploaded meanwhile is found by meaning all the same.
    run = upload(4)
    with worker(**environment):
        wait_until(swept(lambda: EmbeddingModel.objects.get(pk=second.pk).failures), seconds=120)
        wait_until(swept(all_ready), seconds=120)
    assert set(run.items.values_list("stage", flat=True)) == {Stage.READY}
    assert documents.missing_vectors(second) > 0

    with ModelServer(dimensions=DIMENSIONS, port=port), worker(**environment):
        documents.retry_model(second)
        upload(4)
        wait_until(swept(lambda: not EmbeddingTask.objects.exists() and all_ready()), seconds=180)

    assert documents.missing_vectors(first) == documents.missing_vectors(second) == 0
    assert vectors_of(first) == vectors_of(second)
    assert set(Document.objects.values_list("status", flat=True)) == {DocumentStatus.READY}
    documents.activate_model(second)
    with (
        ModelServer(dimensions=DIMENSIONS, port=port) as server,
        override_config("vector", embedding_base_url=server.base_url),
    ):
        owner = Document.objects.first().owner
        found = search.search("when does unit 7 open", mode="semantic", actor=owner).results
        assert found
        assert [request.path for request in server.requests] == ["/v1/embeddings"]
