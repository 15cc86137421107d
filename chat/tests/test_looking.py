"""What is seen of model servers: the programs in use, and answers of any kind."""

import asyncio
import time

import pytest

from chat.enums import ServerKind
from chat.llm.probing import looking
from chat.llm.probing.facts import (
    Facts,
    facts_of_props,
    facts_of_show,
    listed_facts,
    slots_in,
    tokens_in,
)
from chat.llm.probing.looking import look_at
from chat.tests.llm_support import endpoint_at
from chat.tests.model_programs import ProgramServer, llama_cpp, lm_studio, ollama, vllm
from youworker.core.per_loop import close_all
from youworker.tests.support.raw_server import listening


async def seen(server, known=ServerKind.UNKNOWN, **changes):
    with server:
        look = await look_at(endpoint_at(server.base_url, **changes), known)
        await close_all()
    return look


async def test_llama_cpp_tells_the_window_of_a_slot():
    look = await seen(llama_cpp(4096))

    assert (look.kind, look.told_runs) == (ServerKind.LLAMA_CPP, 2)
    assert look.models == {
        "/models/SmolLM2-135M.Q8_0.gguf": Facts(
            tools=True, vision=False, context_tokens=4096, longest_context=8192
        )
    }


async def test_vllm_tells_its_window_in_the_list():
    look = await seen(vllm(32768))

    assert (look.kind, look.error) == (ServerKind.VLLM, "")
    assert look.models["Qwen/Qwen3-8B"].context_tokens == 32768


async def test_ollama_tells_the_window_of_what_it_has_loaded():
    look = await seen(ollama(loaded=16384))

    assert look.kind == ServerKind.OLLAMA
    assert look.models["qwen3:8b"] == Facts(
        tools=True, reasoning=True, vision=False, context_tokens=16384, longest_context=40960
    )


async def test_ollama_s_small_window_is_assumed_until_it_shows():
    look = await seen(ollama())

    assert look.models["qwen3:8b"].context_tokens == 4096
    assert look.models["qwen3:8b"].context_assumed
    # Never more than the model has.
    assert look.models["llava:latest"] == Facts(
        tools=False,
        reasoning=False,
        vision=True,
        context_tokens=2048,
        longest_context=2048,
        context_assumed=True,
    )


async def test_a_window_in_the_modelfile_of_ollama_counts():
    look = await seen(ollama(parameters='stop  "<|im_end|>"\nnum_ctx    12288\ntemperature 1'))

    assert look.models["qwen3:8b"].context_tokens == 12288
    assert not look.models["qwen3:8b"].context_assumed


async def test_lm_studio_tells_windows_and_senses():
    look = await seen(lm_studio())

    assert look.kind == ServerKind.LM_STUDIO
    assert look.models["qwen2.5-vl-7b"] == Facts(
        tools=True, vision=True, context_tokens=4096, longest_context=128000
    )
    assert look.models["gemma"] == Facts(vision=False, longest_context=8192)


async def test_a_reseller_tells_in_its_list():
    row = {
        "id": "a/b",
        "context_length": 131072,
        "supported_parameters": ["tools", "reasoning"],
        "architecture": {"input_modalities": ["text", "image"]},
    }

    look = await seen(ProgramServer([row], {}))

    assert look.kind == ServerKind.OTHER
    assert look.models["a/b"] == Facts(True, True, True, 131072, 131072)  # noqa: FBT003


async def test_what_was_another_program_is_not_looked_for_each_time():
    server = ProgramServer([{"id": "m"}], {})

    await seen(server, ServerKind.OTHER)

    assert [request.path for request in server.requests] == ["/v1/models"]


async def test_the_key_goes_along_and_is_not_told():
    server = ollama()
    server.state.models_status = 401
    server.state.models_body = b'{"error": "no such key: sk-very-secret-123"}'

    look = await seen(server, api_key="sk-very-secret-123")

    assert server.requests[0].headers["authorization"] == "Bearer sk-very-secret-123"
    assert "very-secret" not in look.error
    assert look.error.startswith("The model's server lists no models")


async def test_a_server_that_is_away_is_told():
    look = await look_at(endpoint_at("http://127.0.0.1:9/v1", connect_timeout=0.5))
    await close_all()

    assert look.error == "The model's server cannot be reached."
    assert look.models == {}


HOSTILE = {
    "garbage": b"<html>\xff\xfe",
    "nothing": b"",
    "ten megabytes": b'{"models": "' + b"x" * 10_000_000 + b'"}',
    "deep": b"[" * 100_000,
    "a list": b"[1, 2, 3]",
    "a text": b'"ollama"',
    "null": b"null",
    "other types": (
        b'{"models": {"a": 1}, "model_info": [], "capabilities": {"tools": 1}, "parameters": 7,'
        b' "default_generation_settings": "n_ctx", "modalities": 1, "data": [[], 1, null]}'
    ),
    "redirect": (307, {"Location": "http://127.0.0.1:9/elsewhere"}),
    "endless redirect": (307, {"Location": "/api/ps"}),
    "error": 500,
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", [ServerKind.UNKNOWN, *ServerKind])
async def test_any_answer_is_survived(answer, kind):
    paths = (
        "GET /props",
        "GET /api/ps",
        "POST /api/show",
        "GET /api/version",
        "GET /api/v0/models",
    )
    server = ProgramServer([{"id": "m"}], dict.fromkeys(paths, answer))

    look = await seen(server, kind)

    assert look.error == ""
    found = look.models["m"]
    assert found.longest_context is None
    assert found.context_tokens in {None, 4096}


async def test_a_server_that_never_answers_costs_a_bounded_time(monkeypatch):
    monkeypatch.setattr(looking, "ANSWER_SECONDS", 0.2)

    async def hang(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/v1/models" in head:
            body = b'{"data": [{"id": "m", "owned_by": "llamacpp"}]}'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(60)

    async with listening(hang) as port:
        began = time.monotonic()

        look = await look_at(endpoint_at(f"http://127.0.0.1:{port}/v1"))

        assert (look.kind, look.models) == (ServerKind.LLAMA_CPP, {"m": Facts()})
        assert time.monotonic() - began < 3
        await close_all()


@pytest.mark.parametrize("value", [0, -1, True, "4096", 4096.0, None, 10**12, [], {}])
def test_what_is_no_number_of_tokens_is_none(value):
    assert tokens_in(value) is None
    assert facts_of_props({"default_generation_settings": {"n_ctx": value}}).context_tokens is None
    assert slots_in({"total_slots": value}) is None


def test_long_numbers_cost_no_time():
    began = time.monotonic()

    facts = facts_of_show({"parameters": "num_ctx " + "9" * 1_000_000}, None)

    assert (facts.context_tokens, facts.context_assumed) == (4096, True)
    assert time.monotonic() - began < 1


def test_rows_that_are_none_are_left_out():
    assert listed_facts({"data": [None, 1, {"id": 7}, {"id": "a"}]}) == {"a": Facts()}
    assert listed_facts([]) == {}
