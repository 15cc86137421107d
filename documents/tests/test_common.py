import numpy as np
import pytest

from documents.embedding import embedder_of
from documents.encoder import arithmetic
from documents.encoder.known import FOLDER, MODELS
from documents.enums import Provider
from documents.models import EmbeddingModel
from documents.services.embeddings import embed_query

MINILM, E5 = "all-MiniLM-L6-v2-int8", "multilingual-e5-small-int8"


def test_the_stored_vector_is_the_mean_of_the_questions_beside_it():
    questions = (FOLDER / E5 / "questions.txt").read_text(encoding="utf-8").splitlines()

    vectors = embedder_of(Provider.LOCAL, E5, 384).embed([f"query: {one}" for one in questions])

    assert len(set(questions)) == len(questions) >= 60
    assert np.allclose(vectors.mean(axis=0), arithmetic.common_vector(E5), atol=2e-3)


def test_a_hub_is_no_longer_nearer_than_the_answer():
    shared, own = arithmetic.common_vector(E5), np.zeros(384, np.float32)
    own[int(np.argmin(np.abs(shared)))] = 0.4
    question = arithmetic.normalised((shared + own)[None, :])
    hub, answer = arithmetic.normalised(np.stack([shared, 0.8 * shared + 2.2 * own]))

    assert question[0] @ hub > question[0] @ answer
    (asked,) = arithmetic.without_common(E5, question)
    assert asked @ hub < asked @ answer
    assert np.isclose(np.linalg.norm(asked), 1, atol=1e-5)


@pytest.mark.parametrize("name", [MINILM, "somebody's"])
def test_vectors_of_models_without_a_hub_stay(name):
    vectors = np.eye(2, 384, dtype=np.float32)

    assert arithmetic.without_common(name, vectors) is vectors


def test_every_model_that_takes_something_has_it():
    for name, known in MODELS.items():
        if known.common:
            assert arithmetic.common_vector(name).shape == (known.dimensions,)
            assert arithmetic.common_vector(name).dtype == np.float32


def test_questions_are_asked_without_it_and_other_peoples_models_as_they_are(monkeypatch):
    local = EmbeddingModel(provider=Provider.LOCAL, name=E5, dimensions=384, query_prompt="query: ")
    raw = embedder_of(Provider.LOCAL, E5, 384).embed(["query: how long is the warranty"])

    found = embed_query(local, "how long is the warranty")

    assert np.allclose(found, arithmetic.without_common(E5, raw)[0], atol=1e-5)
    assert found @ arithmetic.common_vector(E5) < raw[0] @ arithmetic.common_vector(E5) - 0.05

    class Remote:
        def embed(self, texts):
            return raw

    monkeypatch.setattr("documents.services.embeddings.embedder_of", lambda *key: Remote())
    remote = EmbeddingModel(provider=Provider.OPENAI, name=E5, dimensions=384)
    assert np.array_equal(embed_query(remote, "how long is the warranty"), raw[0])
