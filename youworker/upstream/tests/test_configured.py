"""From the settings to endpoints."""

from dataclasses import replace

from youworker.core.config import config
from youworker.upstream.configured import chat_endpoints, embedding_endpoint
from youworker.upstream.endpoint import Capability


def test_each_server_gets_its_own_key_only():
    llm = replace(config.llm, base_url="http://a/v1/, http://b/v1,http://c/v1", api_key="ka,kb")

    endpoints = chat_endpoints(llm)

    assert [(endpoint.url, endpoint.key) for endpoint in endpoints] == [
        ("http://a/v1", "ka"),
        ("http://b/v1", "kb"),
        ("http://c/v1", ""),
    ]


def test_every_limit_of_the_settings_reaches_the_endpoint():
    llm = replace(
        config.llm,
        base_url="http://a/v1",
        connect_timeout=1.0,
        first_token_timeout=2.0,
        idle_timeout=3.0,
        total_timeout=4.0,
        max_answer_bytes=100_000,
        max_line_bytes=5000,
        max_tool_calls=6,
        max_argument_chars=7000,
        context_tokens=8000,
        max_output_tokens=90,
        temperature=1.0,
    )

    (endpoint,) = chat_endpoints(llm)

    assert tuple(vars(endpoint.timeouts).values()) == (1.0, 2.0, 3.0, 4.0)
    assert tuple(vars(endpoint.limits).values()) == (100_000, 5000, 6, 7000)
    assert tuple(vars(endpoint.sampling).values()) == (8000, 90, 1.0)


def test_without_an_address_embeddings_are_made_here():
    assert embedding_endpoint(replace(config.vector, embedding_base_url="")) is None


def test_the_embedding_server_gets_its_key():
    vector = replace(config.vector, embedding_base_url="http://e/v1/", embedding_api_key="k")

    endpoint = embedding_endpoint(vector)

    assert (endpoint.url, endpoint.key) == ("http://e/v1", "k")
    assert endpoint.capability == Capability.EMBEDDING


def test_an_endpoint_shows_its_name_and_never_its_key():
    (endpoint,) = chat_endpoints(
        replace(config.llm, base_url="http://models.example:8000/v1", api_key="secret")
    )

    assert endpoint.name == "models.example"
    assert "secret" not in repr(endpoint)
