import os

import numpy as np
import pytest

from documents import embedding
from documents.embedding import configured_model, embedder_of
from documents.embedding import openai as openai_module
from documents.embedding.openai import OpenAIEmbedder
from documents.encoder.known import MODELS
from documents.encoder.model import LocalEmbedder, batches_of
from documents.enums import Provider
from documents.exceptions import VectorsUnusable
from documents.tests.fakes import embedding_server
from youworker.core.exceptions import UpstreamUnavailable

MINILM, E5 = "all-MiniLM-L6-v2-int8", "multilingual-e5-small-int8"


@pytest.fixture(scope="module", params=MODELS)
def local(request):
    return embedder_of(Provider.LOCAL, request.param, MODELS[request.param].dimensions)


@pytest.fixture
def settings_of(configured):
    """Point the provider at a server, with quick retries."""

    def change(base_url):
        configured(
            "vector", embedding_base_url=base_url, embedding_model="m", embedding_dimensions=2
        )
        configured("retry", attempts=2, base_seconds=0.01)

    return change


# Cosines of the one lie between 0.7 and 0.9, whatever the texts.
BETWEEN = {MINILM: 0.5, E5: 0.87}


def test_local_vectors_say_what_is_alike(local):
    vectors = local.embed(["a small cat", "the little kitten", "quarterly tax report"])

    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > BETWEEN[local.name] > vectors[0] @ vectors[2]


def test_the_default_knows_what_is_alike_in_other_languages():
    assert embedding.LOCAL_MODEL == E5
    texts = ["il gattino", "das Kätzchen", "le chaton", "бухгалтерский отчёт", "the little kitten"]

    *others, report, kitten = embedder_of(Provider.LOCAL, E5, 384).embed(texts)[[0, 1, 2, 3, 4]]

    assert min(other @ kitten for other in others) > report @ kitten + 0.03


def test_local_vectors_do_not_depend_on_their_neighbours(local):
    texts = [f"text number {n} " * (n + 1) for n in range(11)]

    together = local.embed(texts)
    alone = np.concatenate([local.embed([text]) for text in texts])

    # The int8 model scales activations per batch, so the last digits differ.
    assert (together * alone).sum(axis=1).min() > 0.98


def test_local_embedder_takes_extreme_texts(local):
    vectors = local.embed(["", "word " * 50_000, "\ud7ff🎉\u202e"])

    assert np.isfinite(vectors).all()
    assert local.embed([]).shape == (0, 384)
    assert len(local.tokenizer.encode(["word " * 5000])[0]) == MODELS[local.name].longest


def test_short_texts_share_a_batch_and_long_ones_stand_alone():
    tokens = [[0] * length for length in (100, 3, 30, 200, 40, 2)]

    batches = list(batches_of(tokens, most=120))

    assert batches == [[5, 1, 2], [4], [0], [3]]
    assert list(batches_of([], most=120)) == []


def test_an_embedder_is_loaded_once_per_process(monkeypatch):
    local = embedder_of(Provider.LOCAL, embedding.LOCAL_MODEL, embedding.LOCAL_DIMENSIONS)
    again = embedder_of(Provider.LOCAL, embedding.LOCAL_MODEL, embedding.LOCAL_DIMENSIONS)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    child = embedder_of(Provider.LOCAL, embedding.LOCAL_MODEL, embedding.LOCAL_DIMENSIONS)

    assert again is local
    assert child is not local
    assert isinstance(child, LocalEmbedder)
    del embedding.loaded[-1, Provider.LOCAL, embedding.LOCAL_MODEL, embedding.LOCAL_DIMENSIONS]


def test_configured_model_follows_the_base_url(settings_of):
    settings_of("http://127.0.0.1:9/v1")

    assert configured_model() == (Provider.OPENAI, "m", 2)


def test_without_a_server_one_of_the_local_models_can_be_named(configured):
    assert configured_model() == (Provider.LOCAL, E5, 384)

    configured("vector", embedding_model=MINILM)
    assert configured_model() == (Provider.LOCAL, MINILM, 384)


def test_openai_embedder_puts_vectors_in_order(settings_of):
    answers = [[(1, [0.0, 3.0]), (0, [2.0, 0.0])]]
    with embedding_server(answers) as (url, received):
        settings_of(url)
        embedder = embedding.load(Provider.OPENAI, "m", 2)
        vectors = embedder.embed(["first", ""])

    assert vectors.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert (received[0]["model"], received[0]["input"]) == ("m", ["first", " "])


def test_a_question_to_a_server_is_a_text_behind_its_prompt(settings_of):
    with embedding_server([[(0, [0.0, 3.0])]]) as (url, received):
        settings_of(url)
        vector = embedding.load(Provider.OPENAI, "m", 2).embed_question("How long?", "ask: ")

    assert received[0]["input"] == ["ask: How long?"]
    assert vector.tolist() == [0.0, 1.0]


def test_vectors_of_matryoshka_models_are_cut_and_those_of_others_are_refused(settings_of):
    longer = [(0, [3.0, 4.0, 12.0])]
    with embedding_server([longer, longer]) as (url, _received):
        settings_of(url)
        cut = OpenAIEmbedder("Qwen/Qwen3-Embedding-0.6B", 2).embed(["a"])
        with pytest.raises(VectorsUnusable, match="check EMBEDDING_DIMENSIONS"):
            OpenAIEmbedder("bge-m3", 2).embed(["a"])

    assert cut.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)]]


def test_openai_embedder_tries_again_and_sends_batches(settings_of, monkeypatch):
    monkeypatch.setattr(openai_module, "BATCH", 1)
    with embedding_server([503, [(0, [1.0, 0.0])], [(0, [0.0, 1.0])]]) as (url, received):
        settings_of(url)
        vectors = OpenAIEmbedder("m", 2).embed(["a", "b"])

    assert vectors.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert [body["input"] for body in received] == [["a"], ["a"], ["b"]]


@pytest.mark.parametrize(
    "vector",
    [
        [1.0, 0.0, 0.0],
        [1e39, 0.0],
        [float("nan"), 1.0],
        [float("inf"), 1.0],
        [10**400, 1],
        ["1.0", "0.0"],
        [True, False],
        [None, 1.0],
        [[1.0], [0.0]],
        "AACAPwAAAAA=",
        None,
    ],
)
def test_openai_embedder_refuses_vectors_nobody_can_store(settings_of, vector):
    assert type(refusal_of(settings_of, [(0, vector)])) is VectorsUnusable


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [(0, [1.0, 0.0])] * 2,
        [("a", [1.0, 0.0]), (0, [1.0, 0.0])],
        b"{}",
        b"[]",
        b"null",
        b'{"data": [{}]}',
        b'{"data": 7}',
    ],
)
def test_openai_embedder_refuses_answers_of_another_shape(settings_of, answer):
    assert type(refusal_of(settings_of, answer)) is VectorsUnusable


@pytest.mark.parametrize(
    "answer", [401, 403, 404, 501, b"<html>Sign in, please</html>", b"", b"[" * 50_000]
)
def test_openai_embedder_waits_for_servers_that_are_not_there(settings_of, answer):
    error = refusal_of(settings_of, answer, *([answer] if answer == 501 else []))

    assert type(error) is UpstreamUnavailable


def refusal_of(settings_of, *answers):
    """What embedding a text ends with; every answer was asked for."""
    answers = list(answers)
    with embedding_server(answers) as (url, _):
        settings_of(url)
        with pytest.raises(UpstreamUnavailable) as caught:
            OpenAIEmbedder("m", 2).embed(["a"])
    assert answers == []
    return caught.value


def test_openai_embedder_gives_up_on_a_short_text_that_is_refused(settings_of):
    assert isinstance(refusal_of(settings_of, 400), VectorsUnusable)


def test_openai_embedder_without_an_address_is_unavailable(settings_of):
    settings_of("")

    with pytest.raises(UpstreamUnavailable):
        OpenAIEmbedder("m", 2)
