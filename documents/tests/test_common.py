import numpy as np
import pytest

from documents.embedding import embedder_of
from documents.encoder import arithmetic
from documents.encoder.known import FOLDER, MODELS
from documents.enums import Provider
from documents.models import EmbeddingModel
from documents.services.embeddings import embed_query

MINILM, E5 = "all-MiniLM-L6-v2-int8", "multilingual-e5-small-int8"


@pytest.fixture(scope="module")
def e5():
    return embedder_of(Provider.LOCAL, E5, 384)


def test_the_stored_vector_is_the_mean_of_the_questions_beside_it(e5):
    questions = (FOLDER / E5 / "questions.txt").read_text(encoding="utf-8").splitlines()

    vectors = np.stack([e5.weighted_mean(one, "query: ") for one in questions])

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


def test_questions_are_asked_without_it(e5):
    local = EmbeddingModel(provider=Provider.LOCAL, name=E5, dimensions=384, query_prompt="query: ")
    raw = e5.weighted_mean("how long is the warranty", "query: ")

    found = embed_query(local, "how long is the warranty")

    assert np.allclose(found, arithmetic.without_common(E5, raw[None, :])[0], atol=1e-5)
    assert found @ arithmetic.common_vector(E5) < raw @ arithmetic.common_vector(E5) - 0.05


def test_what_says_most_of_a_question_counts_most(e5):
    (tokens,) = e5.tokenizer.encode(["query: How long is the warranty?"])
    pieces = [e5.tokenizer.library.id_to_piece(token) for token in tokens]

    weights = e5.tokenizer.weigh(tokens, "query: ")

    assert pieces[1:4] == ["▁que", "ry", ":"]
    assert [*weights[:4], weights[-1]] == [0] * 5
    weight = dict(zip(pieces[4:-1], weights[4:-1], strict=True))
    assert 0 < weight["▁is"] < weight["▁long"] < weight["▁warrant"]


def test_the_mean_of_a_question_is_weighted(e5):
    question = "How long is the warranty?"
    (tokens,) = e5.tokenizer.encode([f"query: {question}"])
    states, _mask = e5.read([tokens])

    expected = np.average(states[0], axis=0, weights=e5.tokenizer.weigh(tokens, "query: "))

    found = e5.weighted_mean(question, "query: ")
    assert np.allclose(found, expected / np.linalg.norm(expected), atol=1e-5)
    assert found @ e5.embed([f"query: {question}"])[0] < 0.999


@pytest.mark.parametrize("question", ["", "\U000f0000", "word " * 5000])
def test_odd_questions_have_a_vector(e5, question):
    vector = e5.embed_question(question, "query: ")

    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_questions_to_a_model_that_knows_no_frequencies_are_texts():
    minilm = embedder_of(Provider.LOCAL, MINILM, 384)

    vector = minilm.embed_question("how long is the warranty", "")

    assert np.allclose(vector, minilm.embed(["how long is the warranty"])[0], atol=1e-5)
