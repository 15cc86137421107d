from __future__ import annotations

import base64
import struct
import subprocess
import sys
import time

import httpx2
import pytest

from chat.agent.types import ChatMessage
from chat.tests.llm_support import calls_of, events_of, model_on, text_of, user
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import Call, ModelServer, Turn, turn_from_spec
from youworker.tests.support.model_server.embedding import embedding
from youworker.tests.support.model_server.turns import turn_from_mapping


@pytest.fixture
async def server():
    with ModelServer() as running:
        yield running
        await close_all()


def test_spec_is_read_into_a_turn():
    turn = turn_from_spec("tokens=500,rate=30,stamp,hang=middle,done=0")

    assert turn == Turn(tokens=500, rate=30.0, stamp=True, hang="middle", done=False)


def test_unknown_word_of_a_spec_is_an_error():
    with pytest.raises(ValueError, match="speed"):
        turn_from_spec("speed=3")


def test_mapping_may_hold_calls():
    turn = turn_from_mapping({"calls": [{"name": "a", "arguments": {"x": 1}}], "done": False})

    assert turn == Turn(calls=(Call("a", {"x": 1}),), done=False)


async def test_last_message_may_script_the_double(server):
    assert text_of(await events_of(model_on(server.base_url), user("[[tokens=3]]"))) == "tok " * 3


async def test_scripted_text_may_use_what_the_tool_said(server):
    server.script(Turn(text="You asked {user}"))

    assert text_of(await events_of(model_on(server.base_url), user("why"))) == "You asked why"


async def test_a_message_may_ask_for_a_tool_before_the_answer(server):
    asked = user("[[tokens=3,tool=datetime__now]]")
    (call,) = calls_of(await events_of(model_on(server.base_url), asked))
    asking = ChatMessage("assistant", "", tool_calls=[call])
    told = [*asked, asking, ChatMessage("tool", "noon", tool_call_id=call.id)]
    answer = await events_of(model_on(server.base_url), told)

    assert call.name == "datetime__now"
    assert (text_of(answer), calls_of(answer)) == ("tok " * 3, [])


async def test_rate_is_kept(server):
    start = time.perf_counter()
    await events_of(model_on(server.base_url, "double:tokens=11,rate=50"))

    assert 0.19 <= time.perf_counter() - start < 1.5


async def test_stamps_tell_when_a_token_was_sent(server):
    before = time.monotonic_ns()
    text = text_of(await events_of(model_on(server.base_url, "double:tokens=5,stamp=1")))

    stamps = [int(word.removeprefix("t")) for word in text.split()]
    assert len(stamps) == 5
    assert before < stamps[0] <= stamps[-1] < time.monotonic_ns()
    assert stamps == sorted(stamps)


def test_another_process_can_script_and_read(server):
    control = server.base_url.removesuffix("v1") + "control"
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}

    queued = httpx2.post(f"{control}/script", json={"turns": [{"text": "scripted"}]}).json()
    answer = httpx2.post(f"{server.base_url}/chat/completions", json=body).json()
    (request,) = httpx2.get(f"{control}/requests").json()
    httpx2.post(f"{control}/reset")

    assert queued == {"queued": 1}
    assert answer["choices"][0]["message"]["content"] == "scripted"
    assert answer["usage"]["completion_tokens"] == 1
    assert request["body"] == body
    assert not request["abandoned"]
    assert server.requests == []


def test_command_line_serves_until_it_is_stopped():
    command = [sys.executable, "-m", "youworker.tests.support.model_server", "--port", "0"]
    options = ["--tokens", "3", "--rate", "100", "--first-token-ms", "1", "--models", "a,b"]
    command += options
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().removeprefix("ready ").strip()
        try:
            models = httpx2.get(f"{base_url}/models").json()["data"]
            body = {"model": "a", "messages": []}
            answer = httpx2.post(f"{base_url}/chat/completions", json=body).json()
        finally:
            process.terminate()

    assert [model["id"] for model in models] == ["a", "b"]
    assert answer["choices"][0]["message"]["content"] == "tok tok tok "


@pytest.mark.parametrize("path", ["/v1/nothing", "/control/nothing"])
def test_unknown_route_answers_404(server, path):
    assert httpx2.get(server.base_url.removesuffix("/v1") + path).status_code == 404


def test_embeddings_are_deterministic_normalised_and_about_words(server):
    texts = ["replication lag of a standby", "lag of the standby", "bread and butter"]
    body = {"model": "e", "input": texts}

    rows = httpx2.post(f"{server.base_url}/embeddings", json=body).json()["data"]
    packed = httpx2.post(
        f"{server.base_url}/embeddings",
        json={"model": "e", "input": texts[0], "encoding_format": "base64", "dimensions": 384},
    ).json()["data"][0]["embedding"]

    first, second, third = (row["embedding"] for row in rows)
    assert first == embedding(texts[0], 384)
    assert struct.unpack("<384f", base64.b64decode(packed)) == pytest.approx(first, abs=1e-6)
    assert sum(number**2 for number in first) == pytest.approx(1)
    assert dot(first, second) > 0.5 > dot(first, third)


def dot(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))
