"""What OpenAI's clients send and read: shapes, refusals, and what is kept of it."""

from __future__ import annotations

import asyncio
import base64
import json
import struct

import pytest
from django.test import AsyncClient
from rest_framework.test import APIClient

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat.direct_calls import DirectCall, begin_call, end_call, open_calls
from chat.llm.circuit import circuit
from chat.models import Message, Session
from chat.openai import direct_answers
from chat.openai.vectors import place_for_vectors
from chat.tests.key_support import key_of
from chat.views import openai
from documents.services import ensure_active_model
from quotas.models import Quota, UsageEvent
from youworker.core.db import run_in_thread
from youworker.tests.support.model_server import Call, ModelServer, Turn
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

COMPLETIONS, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


@pytest.fixture
def models(configured):
    """A model server that the product talks to."""
    with ModelServer(models=("double", "org/small:7b.q4")) as server:
        configured("llm", base_url=server.base_url)
        yield server


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def said(*texts, role="user"):
    return [{"role": role, "content": text} for text in texts]


async def send(user, path, body=None):
    """A request with a key, as programs send it; without a body it reads."""
    headers = await key_of(user, "chat")
    if body is None:
        return await AsyncClient().get(path, headers=headers)
    return await AsyncClient().post(path, body, content_type="application/json", headers=headers)


async def complete(user, model="quote", messages=None, **body):
    messages = said("Hello") if messages is None else messages
    return await send(user, COMPLETIONS, {"model": model, "messages": messages, **body})


async def somebody():
    return await run_in_thread(UserFactory)


def error_of(answer):
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def pieces_of(body):
    """The documents of a stream that ended in good order."""
    lines = [line[6:] for line in body.decode().split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def test_a_model_is_asked_without_the_agent_and_nothing_is_kept_but_what_it_used(models):
    user = await somebody()
    models.script(Turn(text="Four."))

    answer = await complete(
        user, "double", said("Two and two?"), temperature=0, seed=7, stop=["\n"]
    )

    assert answer.status_code == 200
    document = answer.json()
    assert document["object"] == "chat.completion"
    assert document["model"] == "double"
    assert document["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "refusal": None, "content": "Four."},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    asked = models.chats[-1].body
    assert asked["messages"] == said("Two and two?")
    assert (asked["temperature"], asked["seed"], asked["stop"]) == (0, 7, ["\n"])
    assert "tools" not in asked
    assert not await Session.objects.aexists()
    assert not await Message.objects.aexists()


async def test_what_a_model_used_is_counted(models):
    user = await somebody()
    models.script(Turn(text="Four."))

    document = (await complete(user, "double")).json()

    event = await UsageEvent.objects.filter(kind="run").aget()
    used = document["usage"]
    assert (event.tokens_in, event.tokens_out) == (used["prompt_tokens"], used["completion_tokens"])
    assert (event.name, event.outcome, event.user_id) == ("double", "succeeded", user.pk)
    assert not open_calls


async def test_what_a_caller_leaves_out_is_left_to_the_server_and_length_to_the_operator(
    models, configured
):
    configured("llm", base_url=models.base_url, max_output_tokens=500)

    await complete(await somebody(), "double", n=1, unknown={"a": 1}, store=True, temperature=None)
    await complete(await somebody(), "double", max_tokens=9_000)
    await complete(await somebody(), "double", max_tokens=9_000, max_completion_tokens=20)

    sent = [request.body for request in models.chats]
    assert set(sent[0]) == {"model", "messages", "stream", "stream_options", "max_tokens"}
    assert [body["max_tokens"] for body in sent] == [500, 500, 20]


async def test_an_answer_that_is_to_be_gone_on_with_reaches_its_server(models):
    begun = {"role": "assistant", "content": "Four is", "prefix": True}
    wish = {"continue_final_message": True, "add_generation_prompt": False}

    await complete(await somebody(), "double", [*said("Two and two?"), begun], **wish)

    sent = models.chats[-1].body
    assert sent["messages"][-1] == begun
    assert wish.items() <= sent.items()


async def test_names_have_slashes_dots_and_colons(models):
    user = await somebody()

    answer = await complete(user, "org/small:7b.q4")
    found = await send(user, "/v1/models/org/small:7b.q4")
    agent = await send(user, "/v1/models/youworker/org/small:7b.q4")

    assert models.chats[-1].body["model"] == answer.json()["model"] == "org/small:7b.q4"
    assert found.json()["id"] == "org/small:7b.q4"
    assert agent.json()["owned_by"] == "youworker"


async def test_everything_that_can_be_asked_for_is_listed(models):
    listed = (await send(await somebody(), "/v1/models")).json()

    assert listed["object"] == "list"
    assert [row["id"] for row in listed["data"]] == [
        "youworker",
        "youworker/double",
        "youworker/org/small:7b.q4",
        "youworker/quote",
        "double",
        "org/small:7b.q4",
        "quote",
        (await run_in_thread(ensure_active_model)).name,
    ]
    assert {row["object"] for row in listed["data"]} == {"model"}


@pytest.mark.parametrize(
    ("arguments", "passed_on"),
    [
        ({"arguments": '{"a": 1}'}, '{"a": 1}'),
        ({"arguments": {"a": 1}}, '{"a":1}'),
        ({"arguments": ""}, "{}"),
        ({"arguments": None}, "{}"),
        ({}, "{}"),
    ],
)
async def test_arguments_of_earlier_calls_are_passed_on_as_json(models, arguments, passed_on):
    call = {"id": "c1", "type": "function", "function": {"name": "f", **arguments}}
    talk = [
        *said("Which?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ]

    answer = await complete(await somebody(), "double", talk)

    assert answer.status_code == 200
    sent = models.chats[-1].body["messages"][1]["tool_calls"][0]["function"]
    assert sent == {"name": "f", "arguments": passed_on}


async def test_fields_that_programs_leave_empty_are_left_out(models):
    empty = [{"role": "user", "content": "Hello", "name": "", "tool_call_id": ""}]

    answer = await complete(
        await somebody(),
        "double",
        empty,
        max_tokens=-1,
        max_completion_tokens=-1,
        reasoning_effort="",
        stop="",
        tools=[],
        tool_choice="auto",
    )

    assert answer.status_code == 200
    asked = models.chats[-1].body
    assert asked["messages"] == said("Hello")
    assert not {"reasoning_effort", "stop", "tools", "tool_choice"} & set(asked)


@pytest.mark.parametrize("name", ["nobody", "youworker/nobody", "youworker/", "nobody/a:b.c"])
async def test_a_name_that_is_nobodys_is_not_found(models, name):
    user = await somebody()

    answers = [
        await complete(user, name),
        await complete(user, name, stream=True),
        await send(user, EMBEDDINGS, {"model": name, "input": "a"}),
        await send(user, f"/v1/models/{name}"),
    ]

    assert [error_of(answer) for answer in answers] == [(404, "model_not_found", None)] * 4


SYSTEM = {"role": "system", "content": "Be brief."}
FORCED = {"type": "function", "function": {"name": "get_weather"}}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
MADE = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "Sun."}


async def test_a_callers_own_tools_are_passed_on_and_their_calls_come_back(models):
    models.script(Turn(calls=(Call("get_weather", {"city": "Rome"}, "call_1"),)))

    answer = await complete(
        await somebody(), "double", [SYSTEM, *said("Weather?")], tools=[TOOL], tool_choice="auto"
    )

    choice = answer.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    (call,) = choice["message"]["tool_calls"]
    assert (call["id"], call["type"]) == ("call_1", "function")
    assert json.loads(call["function"]["arguments"]) == {"city": "Rome"}
    asked = models.chats[-1].body
    assert (asked["tools"], asked["tool_choice"]) == ([TOOL], "auto")


async def test_results_of_a_callers_tools_are_passed_on(models):
    developer = {"role": "developer", "content": "Be brief."}

    answer = await complete(
        await somebody(), "double", [developer, *said("Weather?"), MADE, RESULT], tools=[TOOL]
    )

    assert answer.status_code == 200
    assert models.chats[-1].body["messages"] == [SYSTEM, *said("Weather?"), MADE, RESULT]


async def test_images_that_a_callers_tools_found_are_passed_on(models):
    result = {**RESULT, "content": [{"type": "text", "text": "a.png"}, IMAGE]}

    answer = await complete(await somebody(), "double", [*said("Look"), MADE, result], tools=[TOOL])

    assert answer.status_code == 200
    assert models.chats[-1].body["messages"][-1] == result


async def test_a_model_of_vectors_says_that_it_answers_nothing():
    vectors = await run_in_thread(ensure_active_model)

    answer = await complete(await somebody(), vectors.name)

    assert (answer.status_code, error_of(answer)[1]) == (404, "model_not_found")
    assert "computes vectors only" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}], "a\nb"),
        ([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "b"}], "b"),
        ([{"type": "think", "think": "x"}, {"type": "text", "text": "b"}], "b"),
        ([{"type": "reasoning", "summary": []}, {"type": "text", "text": "b"}], "b"),
        ([{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "b"}], "b"),
        ([], ""),
        (
            [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "x": 1}},
            ],
            [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
            ],
        ),
    ],
)
async def test_parts_of_a_message_are_joined_or_passed_on(models, content, sent):
    await complete(await somebody(), "double", [{"role": "user", "content": content}])

    assert models.chats[-1].body["messages"] == [{"role": "user", "content": sent}]


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
REFUSED = [
    ({"n": 2}, "n"),
    ({"n": 0}, "n"),
    ({"messages": []}, "messages"),
    ({"messages": "Hello"}, "messages"),
    ({"messages": [{"role": "root", "content": "a"}]}, "messages.0.role"),
    ({"messages": [{"role": "user"}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": "a\0"}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": [{"type": ["text"]}]}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": [{"type": {}, "text": ""}]}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": [["thinking"]]}]}, "messages.0.content"),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "http://10.0.0.1/a"}}],
                }
            ]
        },
        "messages.0.content",
    ),
    ({"messages": [{"role": "tool", "content": "a"}]}, "messages.0.tool_call_id"),
    ({"messages": [{"role": "assistant", "content": [IMAGE]}]}, "messages.0.content"),
    ({"messages": said("a") * 2001}, "messages"),
    ({"temperature": 3}, "temperature"),
    ({"top_p": -1}, "top_p"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"seed": 2**70}, "seed"),
    ({"stop": [1]}, "stop"),
    ({"stop": ["a"] * 17}, "stop"),
    ({"logprobs": True}, "logprobs"),
    ({"response_format": "json"}, "response_format"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools.0.function.name"),
    ({"tools": [TOOL] * 129}, "tools"),
    ({"tool_choice": 5}, "tool_choice"),
    ({"model": ""}, "model"),
    ({"model": "x" * 400}, "model"),
]


@pytest.mark.parametrize(("body", "param"), REFUSED)
def test_what_makes_no_sense_is_refused_with_its_place(body, param):
    full = {"model": "quote", "messages": said("Hello"), **body}

    answer = client_of(UserFactory()).post(
        COMPLETIONS, json.dumps(full), content_type="application/json"
    )

    status, _, found = error_of(answer)
    assert (status, found) == (400, param)
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert not UsageEvent.objects.exists()


async def test_schemas_that_are_nested_without_end_are_refused(models):
    deep = {}
    for _ in range(200):
        deep = {"a": deep}
    wrong = {"type": "function", "function": {"name": "f", "parameters": deep}}

    answers = [
        await complete(await somebody(), "double", tools=[wrong]),
        await complete(
            await somebody(), "double", response_format={"type": "json_schema", "x": deep}
        ),
    ]

    assert [error_of(answer)[0] for answer in answers] == [400, 400]
    assert not models.chats


async def test_the_format_of_an_answer_is_passed_on(models):
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    models.script(Turn(text='{"a": 1}'))

    answer = await complete(await somebody(), "double", response_format=wanted)

    assert models.chats[-1].body["response_format"] == wanted
    assert answer.json()["choices"][0]["message"]["content"] == '{"a": 1}'


async def test_what_a_server_refuses_of_a_request_is_not_left_out_but_told(models):
    refusal = Turn(status=400, message="this model does not support tools")
    models.script(refusal, refusal)

    whole = await complete(await somebody(), "double", tools=[TOOL])
    again = await complete(await somebody(), "double", tools=[TOOL])

    assert error_of(whole)[:2] == error_of(again)[:2] == (400, "model_refused")
    assert "does not support tools" in whole.json()["error"]["message"]
    assert len(models.chats) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_an_image_that_a_model_cannot_see_is_refused_at_once(models, stream):
    # As llama.cpp says it, with the status of a server that failed.
    blind = "image input is not supported - hint: you may need to provide the mmproj"
    models.script(Turn(status=500, message=blind), Turn(text="A square."))

    answer = await complete(
        await somebody(), "double", [{"role": "user", "content": [IMAGE]}], stream=stream
    )

    assert error_of(answer)[:2] == (400, "model_refused")
    assert blind in answer.json()["error"]["message"]
    assert len(models.chats) == 1
    assert not circuit.failures


async def test_an_image_that_is_refused_within_the_stream_is_refused_at_once(models):
    models.script(Turn(error="image input is not supported"), Turn(text="A square."))

    answer = await complete(await somebody(), "double", [{"role": "user", "content": [IMAGE]}])

    assert error_of(answer)[:2] == (400, "model_refused")
    assert len(models.chats) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "said_by_server",
    [
        "request (9010 tokens) exceeds the available context size (2048 tokens)",
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The input token count (70000) exceeds the maximum number of tokens allowed (65536).",
    ],
)
async def test_a_prompt_that_a_model_has_no_room_for_has_openais_code(
    models, said_by_server, stream
):
    models.script(Turn(status=400, message=said_by_server))

    answer = await complete(await somebody(), "double", stream=stream)

    assert error_of(answer) == (400, "context_length_exceeded", "messages")
    message = answer.json()["error"]["message"]
    # LangChain and LiteLLM look for these words.
    assert "prompt is too long" in message
    assert said_by_server in message


async def test_a_prompt_without_room_may_be_told_within_the_stream(models):
    models.script(Turn(error="This model's maximum context length is 4096 tokens."))

    answer = await complete(await somebody(), "double")

    assert error_of(answer) == (400, "context_length_exceeded", "messages")


async def test_what_we_add_ourselves_is_left_out_when_a_server_refuses_it(models):
    models.script(Turn(status=400, message="stream_options is unknown", refuses="stream_options"))

    answer = await complete(await somebody(), "double")

    assert answer.status_code == 200
    assert "stream_options" not in models.chats[-1].body


async def test_what_a_callers_words_provoke_is_not_learned_for_others(models):
    provoked = Turn(status=400, message="max_tokens is too large", refuses="max_tokens")
    models.script(provoked)
    await complete(await somebody(), "double")
    assert "max_tokens" not in models.chats[-1].body
    models.script(Turn(text="Hello."))

    await complete(await somebody(), "double")

    assert "max_tokens" in models.chats[-1].body


async def test_a_model_that_stops_at_its_longest_answer_says_so(models):
    models.script(Turn(raw=length_stop()))

    answer = await complete(await somebody(), "double", max_tokens=1)

    assert answer.json()["choices"][0]["finish_reason"] == "length"


def length_stop():
    choice = {"index": 0, "delta": {"content": "Fo"}, "finish_reason": "length"}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n"


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"tools": [TOOL], "tool_choice": "required"}, "calls no tools"),
        (
            {
                "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
            },
            "calls no tools",
        ),
        ({"response_format": {"type": "json_object"}}, "writes no JSON"),
    ],
    ids=["any tool", "one tool", "JSON"],
)
async def test_the_built_in_model_says_what_it_cannot_do(wish, told):
    answer = await complete(await somebody(), "quote", said("How many days of leave?"), **wish)
    streamed = await complete(await somebody(), "quote", said("Hello"), stream=True, **wish)
    free = await complete(await somebody(), "quote", said("Hello"), tools=[TOOL])

    assert (answer.status_code, streamed.status_code, free.status_code) == (400, 400, 200)
    assert told in answer.json()["error"]["message"]
    assert told in streamed.json()["error"]["message"]


async def test_the_built_in_model_answers_by_its_name():
    answer = await complete(await somebody(), "quote", said("How many days of leave?"))
    image = await complete(await somebody(), "quote", [{"role": "user", "content": [IMAGE]}])

    assert "quote model" in answer.json()["choices"][0]["message"]["content"]
    assert error_of(image) == (400, "invalid", "messages")


async def body_of(answer):
    return b"".join([part async for part in aiter(answer)])


async def test_a_stream_has_the_role_first_the_reason_last_and_counts_when_asked(models):
    models.script(Turn(text="One two three.", reasoning="Let me count"), Turn(text="One."))
    user = await somebody()

    counted = await complete(user, "double", stream=True, stream_options={"include_usage": True})
    plain = await complete(user, "double", stream=True)

    assert counted["Content-Type"] == "text/event-stream"
    pieces, uncounted = pieces_of(await body_of(counted)), pieces_of(await body_of(plain))
    assert {piece["object"] for piece in pieces} == {"chat.completion.chunk"}
    assert len({piece["id"] for piece in pieces}) == 1
    deltas = [piece["choices"][0]["delta"] for piece in pieces[:-1]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == "One two three."
    thought = "".join(delta.get("reasoning_content", "") for delta in deltas)
    assert thought.split() == ["Let", "me", "count"]
    reasons = [piece["choices"][0]["finish_reason"] for piece in pieces[:-1]]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]
    assert pieces[-1]["choices"] == []
    assert pieces[-1]["usage"]["completion_tokens"] == 3
    assert {piece["usage"] for piece in pieces[:-1]} == {None}
    assert all("usage" not in piece for piece in uncounted)


async def test_a_stream_gives_the_calls_of_a_callers_tools(models):
    calls = (Call("get_weather", {"city": "Rome"}, "a"), Call("get_weather", {"city": "Oslo"}, "b"))
    models.script(Turn(calls=calls, call_style="pieces"))

    answer = await complete(await somebody(), "double", tools=[TOOL], stream=True)

    pieces = pieces_of(await body_of(answer))
    (delta,) = [p["choices"][0]["delta"] for p in pieces if "tool_calls" in str(p["choices"])][:1]
    told = [
        (call["index"], call["id"], call["function"]["arguments"]) for call in delta["tool_calls"]
    ]
    assert told == [(0, "a", '{"city":"Rome"}'), (1, "b", '{"city":"Oslo"}')]
    assert pieces[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("turn", "status", "code"),
    [
        (Turn(status=400, message="too long"), 400, "model_refused"),
        (Turn(status=401, message="bad key sk-abcdef123456"), 400, "model_refused"),
        (Turn(status=404, message="model gone"), 404, "model_not_found"),
        (Turn(status=500), 503, "model_failed"),
        (Turn(status=429), 503, "model_failed"),
        (Turn(text="", cut=0), 503, "model_failed"),
    ],
)
async def test_what_a_server_fails_with_is_told_by_the_status(
    models, configured, turn, status, code, stream
):
    configured("retry", attempts=1)
    models.script(turn)

    answer = await complete(await somebody(), "double", stream=stream)

    assert error_of(answer)[:2] == (status, code)
    assert "sk-abcdef" not in answer.content.decode()
    assert not open_calls


async def test_a_stream_that_breaks_off_says_why_and_counts_what_was_said(models):
    models.script(Turn(text="One two three four", cut=2))
    user = await somebody()

    answer = await complete(user, "double", stream=True)
    body = await body_of(answer)

    pieces = pieces_of(body)
    assert pieces[-1]["error"]["code"] == "model_failed"
    assert "broke off" in pieces[-1]["error"]["message"]
    assert all("finish_reason" not in str(p.get("error", "")) for p in pieces)
    event = await UsageEvent.objects.aget(user=user)
    assert (event.outcome, event.tokens_out > 0) == ("failed", True)


async def test_a_reader_who_leaves_closes_the_request_to_the_model(models):
    models.script(Turn(tokens=10_000, rate=20))
    user = await somebody()
    answer = await complete(user, "double", stream=True)
    stream = aiter(answer)
    await anext(stream)
    await anext(stream)

    await stream.aclose()

    assert await asyncio.to_thread(models.chats[-1].abandoned.wait, PATIENCE_SECONDS)
    assert not open_calls
    event = await UsageEvent.objects.aget(user=user)
    assert event.outcome == "stopped"


async def test_a_caller_who_leaves_before_the_whole_answer_closes_the_request(models):
    models.script(Turn(tokens=10_000, rate=20))
    user = await somebody()
    asking = asyncio.create_task(complete(user, "double"))
    await asyncio.to_thread(wait_until, lambda: models.chats)

    asking.cancel()

    assert await asyncio.to_thread(models.chats[-1].abandoned.wait, PATIENCE_SECONDS)
    await asyncio.wait({asking})
    assert not open_calls


async def test_a_slow_model_gets_signs_of_life_sent(models, monkeypatch):
    monkeypatch.setattr(direct_answers, "STATUS_SECONDS", 0.05)
    monkeypatch.setattr(direct_answers, "KEEPALIVE_SECONDS", 0.1)
    models.script(Turn(text="Late.", first_ms=400))

    answer = await complete(await somebody(), "double", stream=True)
    body = await body_of(answer)

    assert body.count(b": still here\n\n") >= 2
    assert "Late." in str(pieces_of(body))


async def test_access_that_ends_ends_a_stream(models):
    models.script(Turn(tokens=10_000, rate=20))
    user = await somebody()
    answer = await complete(user, "double", stream=True)
    stream = aiter(answer)
    await anext(stream)

    await user.api_keys.all().adelete()
    async with asyncio.timeout(PATIENCE_SECONDS):
        rest = [part async for part in stream]

    assert b"[DONE]" not in b"".join(rest)
    assert await asyncio.to_thread(models.chats[-1].abandoned.wait, PATIENCE_SECONDS)


async def test_answers_at_once_are_limited_without_the_agent_as_with_it(models):
    user = await somebody()
    await Quota.objects.acreate(user=user, runs_at_once=1)
    call = DirectCall(user.pk, None, "")
    begin_call(call)

    full = [await complete(user, name) for name in ("double", "youworker")]
    end_call(call)
    free = await complete(user, "double")

    assert [error_of(answer)[:2] for answer in full] == [(429, "insufficient_quota")] * 2
    assert {answer["Retry-After"] for answer in full} == {"5"}
    assert full[0].json()["error"]["type"] == "rate_limit_error"
    assert free.status_code == 200


async def test_tokens_that_are_used_up_refuse_everything_but_the_list(models):
    user = await somebody()
    await Quota.objects.acreate(user=user, tokens_per_day=1)
    first = await complete(user, "double")
    vectors = (await run_in_thread(ensure_active_model)).name

    refused = [
        await complete(user, "double"),
        await complete(user, "double", stream=True),
        await complete(user, "youworker"),
        await send(user, EMBEDDINGS, {"model": vectors, "input": "a"}),
    ]

    assert first.status_code == 200
    assert [error_of(answer)[:2] for answer in refused] == [(429, "insufficient_quota")] * 4
    assert (await send(user, "/v1/models")).status_code == 200


async def test_a_server_that_is_full_refuses_with_a_time(models, configured):
    configured("llm", base_url=models.base_url, max_runs=1)
    user = await somebody()
    await complete(user, "double")
    endpoint = models.base_url.removeprefix("http://")
    call = DirectCall(user.pk, None, endpoint)
    begin_call(call)

    answer = await complete(user, "double")
    end_call(call)

    assert error_of(answer)[:2] == (429, "model_busy")
    assert answer["Retry-After"] == "5"


def test_too_many_requests_are_refused_in_the_same_shape(rate_limits, monkeypatch):
    monkeypatch.setenv("RATE_CHAT_MESSAGE", "1/m")
    client, body = client_of(UserFactory()), {"model": "quote", "messages": []}

    first, second = client.post(COMPLETIONS, body), client.post(COMPLETIONS, body)

    assert error_of(first)[0] == 400
    assert error_of(second)[:2] == (429, "rate_limit_exceeded")
    assert int(second["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("scopes", "status", "code"),
    [(None, 401, "invalid_api_key"), (["documents.read"], 403, "insufficient_scope")],
)
def test_who_may_not_ask_is_told_in_the_same_shape(scopes, status, code):
    client, secret = APIClient(), "yw_nobody"
    if scopes:
        user = UserFactory()
        _, secret = create_api_key(user, name="k", scopes=scopes, actor=user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")

    answers = [
        client.get("/v1/models"),
        client.get("/v1/models/quote"),
        client.post(COMPLETIONS, {}),
        client.post(EMBEDDINGS, {}),
    ]

    assert [error_of(answer)[:2] for answer in answers] == [(status, code)] * 4


@pytest.mark.parametrize("path", [COMPLETIONS, EMBEDDINGS])
@pytest.mark.parametrize("body", [b"{", b"[" * 50_000, b"null", b"[]", b"\xff", b'{"model": NaN}'])
def test_what_is_no_request_is_refused_in_the_same_shape(path, body):
    answer = client_of(UserFactory()).generic("POST", path, body, content_type="application/json")

    assert error_of(answer)[0] == 400


def test_other_methods_and_types_are_refused_in_the_same_shape():
    client = client_of(UserFactory())

    assert error_of(client.get(COMPLETIONS))[0] == 405
    assert error_of(client.delete("/v1/models/quote"))[0] == 405
    assert error_of(client.post(COMPLETIONS, {"model": "a"}, format="multipart"))[0] == 415


def test_a_mistake_of_ours_is_told_in_the_same_shape_without_a_word_about_it(monkeypatch):
    def break_down():
        raise RuntimeError("secret")

    monkeypatch.setattr(openai, "list_names", break_down)
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(UserFactory())

    answer = client.get("/v1/models")

    assert error_of(answer)[0] == 500
    assert "secret" not in answer.content.decode()


def test_vectors_come_as_numbers_and_as_their_bytes():
    client, name = client_of(UserFactory()), ensure_active_model().name
    asked = {"model": name, "input": ["leave", "holidays"]}

    numbers = client.post(EMBEDDINGS, asked).json()
    packed = client.post(EMBEDDINGS, {**asked, "encoding_format": "base64"}).json()
    single = client.post(EMBEDDINGS, {**asked, "input": "leave"}).json()

    assert [row["index"] for row in numbers["data"]] == [0, 1]
    first = numbers["data"][0]["embedding"]
    assert len(first) == 384
    assert sum(number * number for number in first) == pytest.approx(1, abs=1e-3)
    raw = base64.b64decode(packed["data"][0]["embedding"])
    assert list(struct.unpack("<384f", raw)) == pytest.approx(first, abs=1e-6)
    assert single["data"][0]["embedding"] == pytest.approx(first, abs=0.02)
    assert numbers["usage"]["prompt_tokens"] == numbers["usage"]["total_tokens"] > 0
    assert set(UsageEvent.objects.values_list("kind", "name")) == {("embedding", name)}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": [[1, 2]]}, "input"),
        ({"input": {"a": 1}}, "input"),
        ({"input": "a\0"}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": "a", "dimensions": 385}, "dimensions"),
        ({"input": "a", "dimensions": 100}, "dimensions"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({}, "input"),
    ],
)
def test_what_has_no_vector_is_refused_with_its_place(body, param):
    asked = {"model": ensure_active_model().name, **body}

    answer = client_of(UserFactory()).post(EMBEDDINGS, asked, format="json")

    status, _, found = error_of(answer)
    assert (status, found) == (400, param)


def test_few_requests_for_vectors_are_worked_on_at_a_time():
    client = client_of(UserFactory())
    asked = {"model": ensure_active_model().name, "input": "leave"}
    with place_for_vectors(), place_for_vectors():
        busy = client.post(EMBEDDINGS, asked)

    assert error_of(busy)[:2] == (429, "model_busy")
    assert busy["Retry-After"] == "5"
    assert client.post(EMBEDDINGS, asked).status_code == 200


def test_texts_that_are_books_are_too_large():
    asked = {"model": ensure_active_model().name, "input": ["a" * 1_000_001] * 2}

    answer = client_of(UserFactory()).post(EMBEDDINGS, asked)

    assert error_of(answer)[:2] == (413, "too_large")
