from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

import pytest

from chat.agent.exceptions import ModelRefused, ModelUnavailable, ModelUnknown
from chat.llm import registry as module
from chat.llm.openai.model_list import list_models
from chat.llm.registry import Listing, Registry
from chat.tests.llm_support import QUICK_RETRY, endpoint_at, events_of, text_of
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import ModelServer, Turn
from youworker.tests.support.ports import free_port
from youworker.upstream.model_files.state import State, StateFile, Status


@pytest.fixture
async def server():
    with ModelServer(models=("nomic-embed-text", "llama3:latest", "qwen")) as running:
        yield running
        await close_all()


def dead_url():
    return f"http://127.0.0.1:{free_port()}/v1"


def registry_of(*urls, default=""):
    servers = [endpoint_at(url, connect_timeout=0.5) for url in urls]
    return Registry(servers, QUICK_RETRY, default)


@pytest.fixture
def file_server(tmp_path, monkeypatch):
    """The server of a model file that is being loaded, with what its process says of itself."""
    server = replace(endpoint_at(dead_url()), socket=str(tmp_path / "m.sock"))
    state = StateFile(tmp_path / "m.json")
    assert state.take()
    state.write(State(Status.LOADING))
    other = endpoint_at(dead_url())
    known = Registry([server, other], QUICK_RETRY)
    known.listings[server] = Listing((), ModelUnavailable("loading"), time.monotonic() + 60)
    module.circuit.note_failure(server.address)
    monkeypatch.setattr(module, "registry", lambda: known)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    return server, state, known


async def test_a_model_file_is_loaded_before_a_run_looks_for_its_model(file_server):
    server, state, known = file_server
    waiting = asyncio.create_task(module.wait_for_loading(None))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    state.write(State(Status.SERVING))
    await asyncio.wait_for(waiting, 30)

    assert server not in known.listings
    assert not module.circuit.is_resting(server.address)


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.LOADING])
async def test_nobody_waits_for_a_file_that_is_not_being_loaded(file_server, status):
    _, state, _ = file_server
    state.write(State(status))

    await asyncio.wait_for(module.wait_for_loading(None), 30)


async def test_nobody_waits_for_a_file_that_is_not_asked_for(file_server, monkeypatch):
    server, _, known = file_server
    monkeypatch.setattr(module, "is_listed", lambda name: name == "qwen")
    await asyncio.wait_for(module.wait_for_loading("qwen"), 30)

    known.servers = [*reversed(known.servers)]
    await asyncio.wait_for(module.wait_for_loading(None), 30)

    assert server in known.listings


async def test_a_file_that_takes_too_long_is_not_waited_for(file_server, monkeypatch):
    monkeypatch.setattr(module, "LOAD_SECONDS", 0.05)

    await asyncio.wait_for(module.wait_for_loading(None), 30)


async def test_without_a_server_there_is_only_the_quote_model():
    registry = registry_of()

    assert await registry.list_available() == ["quote"]
    assert (await registry.resolve(None)).name == "quote"
    with pytest.raises(ModelRefused, match="no model called 'llama3'"):
        await registry.resolve("llama3")


async def test_list_is_the_server_s_with_quote_last(server):
    registry = registry_of(server.base_url)

    assert await registry.list_available() == [
        "nomic-embed-text",
        "llama3:latest",
        "qwen",
        "quote",
    ]


async def test_default_is_the_first_model_that_talks(server):
    model = await registry_of(server.base_url).resolve(None)

    assert model.name == "llama3:latest"
    assert text_of(await events_of(model)) == "This is the double speaking."


@pytest.mark.parametrize(
    ("default", "name"),
    [("qwen", "qwen"), ("llama3", "llama3:latest"), ("loaded-later", "loaded-later")],
)
async def test_configured_default_is_used(server, default, name):
    registry = registry_of(server.base_url, default=default)

    assert (await registry.resolve("")).name == name


async def test_default_may_be_quote(server):
    registry = registry_of(server.base_url, default="quote")

    assert (await registry.resolve(None)).name == "quote"
    assert server.requests == []


@pytest.mark.parametrize(("asked", "name"), [("qwen", "qwen"), ("quote", "quote")])
async def test_model_asked_for_by_name_is_used(server, asked, name):
    assert (await registry_of(server.base_url).resolve(asked)).name == name


async def test_unknown_name_is_refused(server):
    with pytest.raises(ModelUnknown, match="no model called 'gpt-9'"):
        await registry_of(server.base_url).resolve("gpt-9")


async def test_unreachable_server_leaves_the_default_to_quote(caplog):
    registry = registry_of(dead_url(), default="llama3")

    with caplog.at_level(logging.WARNING):
        first, second = await registry.resolve(None), await registry.resolve(None)
    await close_all()

    assert (first.name, second.name) == ("quote", "quote")
    assert await registry.list_available() == ["quote"]
    assert sum("cannot be reached" in record.message for record in caplog.records) == 1
    assert "the built-in model 'quote' stands in" in caplog.text


async def test_unreachable_server_is_named_to_who_asked_for_its_model():
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await registry_of(dead_url()).resolve("llama3")
    await close_all()


async def test_list_is_remembered_for_some_seconds(server):
    registry = registry_of(server.base_url)

    for _ in range(5):
        await registry.resolve("qwen")
    (listing,) = await registry.read_listings()
    registry.listings = {key: replace(listing, until=0) for key in registry.listings}
    await registry.resolve("qwen")

    assert [request.path for request in server.requests] == ["/v1/models", "/v1/models"]


async def test_models_of_several_servers_are_found_where_they_are(server):
    with ModelServer(models=("mistral",), default=Turn(text="I am the other.")) as other:
        registry = registry_of(server.base_url, other.base_url, dead_url())
        model = await registry.resolve("mistral")

        assert text_of(await events_of(model)) == "I am the other."
        assert "mistral" in await registry.list_available()
        await close_all()


async def test_what_a_model_refuses_is_remembered_across_runs(server):
    registry = registry_of(server.base_url)
    server.script(Turn(status=400, refuses="temperature", message="temperature is fixed"))

    for _ in range(2):
        await events_of(await registry.resolve("qwen"))

    assert ["temperature" in request.body for request in server.chats] == [True, False, False]


async def test_server_without_a_list_is_trusted_with_a_name(server):
    registry = registry_of(server.base_url.replace("/v1", "/other"))

    assert (await registry.resolve("anything")).name == "anything"
    assert await registry.list_available() == ["quote"]


async def test_failing_list_counts_as_unreachable(server):
    server.state.models_status = 503

    with pytest.raises(ModelUnavailable, match="503"):
        await list_models(endpoint_at(server.base_url))


async def test_list_that_is_no_json_is_refused(server):
    server.state.models_body = b"<html>hello</html>"

    with pytest.raises(ModelRefused, match="no list"):
        await list_models(endpoint_at(server.base_url))


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"models": [{"name": "a:latest"}, {"name": ""}]}', ["a:latest"]),
        (b'{"data": [{"id": "b"}, null]}', ["b"]),
        (b"[1]", []),
    ],
)
async def test_list_is_read_in_other_shapes(server, body, names):
    server.state.models_body = body

    assert await list_models(endpoint_at(server.base_url)) == names


async def test_warming_up_fetches_the_list(server, configured):
    await module.warm_up()
    assert server.requests == []

    configured("llm", base_url=server.base_url)
    await module.warm_up()

    assert [request.path for request in server.requests] == ["/v1/models"]


async def test_registry_of_the_loop_follows_the_configuration(server, configured):
    assert await module.list_available() == ["quote"]
    before = module.registry()
    assert module.registry() is before

    configured("llm", base_url=server.base_url, chat_model="qwen")
    assert (await module.resolve_model(None)).name == "qwen"
    assert module.registry() is not before
