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
from chat.models import Message, Run, Session
from chat.tests.factories import SessionFactory
from documents.services import ensure_active_model
from documents.tests.factories import DocumentFactory, write
from quotas.models import Quota, UsageEvent
from youworker.core.db import run_in_thread
from youworker.tests.support.model_server import Call, ModelServer, Turn

pytestmark = pytest.mark.django_db

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


def complete(user, model="quote", messages=None, **body):
    messages = said("Hello") if messages is None else messages
    return client_of(user).post(COMPLETIONS, {"model": model, "messages": messages, **body})


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


def test_a_model_is_asked_without_the_agent_and_nothing_is_kept_but_what_it_used(models):
    user = UserFactory()
    models.script(Turn(text="Four."))

    answer = complete(user, "double", said("Two and two?"), temperature=0, seed=7, stop=["\n"])

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
    assert not Session.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_a_model_used_is_counted(models):
    user = UserFactory()
    models.script(Turn(text="Four."))

    document = complete(user, "double").json()

    (event,) = UsageEvent.objects.filter(kind="run")
    used = document["usage"]
    assert (event.tokens_in, event.tokens_out) == (used["prompt_tokens"], used["completion_tokens"])
    assert (event.name, event.outcome, event.user_id) == ("double", "succeeded", user.pk)
    assert not open_calls


def test_what_a_caller_leaves_out_is_left_to_the_server_and_length_to_the_operator(
    models, configured
):
    configured("llm", base_url=models.base_url, max_output_tokens=500)

    complete(UserFactory(), "double", n=1, unknown={"a": 1}, store=True, temperature=None)
    complete(UserFactory(), "double", max_tokens=9_000)
    complete(UserFactory(), "double", max_tokens=9_000, max_completion_tokens=20)

    sent = [request.body for request in models.chats]
    assert set(sent[0]) == {"model", "messages", "stream", "stream_options", "max_tokens"}
    assert [body["max_tokens"] for body in sent] == [500, 500, 20]


def test_names_have_slashes_dots_and_colons(models):
    user = UserFactory()

    answer = complete(user, "org/small:7b.q4")
    found = client_of(user).get("/v1/models/org/small:7b.q4")
    agent = client_of(user).get("/v1/models/youworker/org/small:7b.q4")

    assert models.chats[-1].body["model"] == answer.json()["model"] == "org/small:7b.q4"
    assert found.json()["id"] == "org/small:7b.q4"
    assert agent.json()["owned_by"] == "youworker"


def test_everything_that_can_be_asked_for_is_listed(models):
    listed = client_of(UserFactory()).get("/v1/models").json()

    assert listed["object"] == "list"
    assert [row["id"] for row in listed["data"]] == [
        "youworker",
        "youworker/double",
        "youworker/org/small:7b.q4",
        "youworker/quote",
        "double",
        "org/small:7b.q4",
        "quote",
        ensure_active_model().name,
    ]
    assert {row["object"] for row in listed["data"]} == {"model"}


@pytest.mark.parametrize("name", ["nobody", "youworker/nobody", "youworker/", "nobody/a:b.c"])
def test_a_name_that_is_nobodys_is_not_found(models, name):
    user = UserFactory()

    answers = [
        complete(user, name),
        complete(user, name, stream=True),
        client_of(user).post(EMBEDDINGS, {"model": name, "input": "a"}),
        client_of(user).get(f"/v1/models/{name}"),
    ]

    assert [error_of(answer) for answer in answers] == [(404, "model_not_found", None)] * 4


SYSTEM = {"role": "system", "content": "Be brief."}
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


def test_a_callers_own_tools_are_passed_on_and_their_calls_come_back(models):
    models.script(Turn(calls=(Call("get_weather", {"city": "Rome"}, "call_1"),)))

    answer = complete(
        UserFactory(), "double", [SYSTEM, *said("Weather?")], tools=[TOOL], tool_choice="auto"
    )

    choice = answer.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    (call,) = choice["message"]["tool_calls"]
    assert (call["id"], call["type"]) == ("call_1", "function")
    assert json.loads(call["function"]["arguments"]) == {"city": "Rome"}
    asked = models.chats[-1].body
    assert (asked["tools"], asked["tool_choice"]) == ([TOOL], "auto")


def test_results_of_a_callers_tools_are_passed_on(models):
    developer = {"role": "developer", "content": "Be brief."}

    answer = complete(
        UserFactory(), "double", [developer, *said("Weather?"), MADE, RESULT], tools=[TOOL]
    )

    assert answer.status_code == 200
    assert models.chats[-1].body["messages"] == [SYSTEM, *said("Weather?"), MADE, RESULT]


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
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
def test_parts_of_a_message_are_joined_or_passed_on(models, content, sent):
    complete(UserFactory(), "double", [{"role": "user", "content": content}])

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
def test_what_makes_no_sense_is_refused_with_its_place(models, body, param):
    full = {"model": "double", "messages": said("Hello"), **body}

    answer = client_of(UserFactory()).post(
        COMPLETIONS, json.dumps(full), content_type="application/json"
    )

    status, _, found = error_of(answer)
    assert (status, found) == (400, param)
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert not models.chats


def test_schemas_that_are_nested_without_end_are_refused(models):
    deep = {}
    for _ in range(200):
        deep = {"a": deep}
    wrong = {"type": "function", "function": {"name": "f", "parameters": deep}}

    answers = [
        complete(UserFactory(), "double", tools=[wrong]),
        complete(UserFactory(), "double", response_format={"type": "json_schema", "x": deep}),
    ]

    assert [error_of(answer)[0] for answer in answers] == [400, 400]
    assert not models.chats


def test_the_format_of_an_answer_is_passed_on(models):
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    models.script(Turn(text='{"a": 1}'))

    answer = complete(UserFactory(), "double", response_format=wanted)

    assert models.chats[-1].body["response_format"] == wanted
    assert answer.json()["choices"][0]["message"]["content"] == '{"a": 1}'


def test_what_a_server_refuses_of_a_request_is_not_left_out_but_told(models):
    refusal = Turn(status=400, message="this model does not support tools")
    models.script(refusal, refusal)

    whole = complete(UserFactory(), "double", tools=[TOOL])
    again = complete(UserFactory(), "double", tools=[TOOL])

    assert error_of(whole)[:2] == error_of(again)[:2] == (400, "model_refused")
    assert "does not support tools" in whole.json()["error"]["message"]
    assert len(models.chats) == 2


def test_what_we_add_ourselves_is_left_out_when_a_server_refuses_it(models):
    models.script(Turn(status=400, message="stream_options is unknown", refuses="stream_options"))

    answer = complete(UserFactory(), "double")

    assert answer.status_code == 200
    assert "stream_options" not in models.chats[-1].body


def test_a_model_that_stops_at_its_longest_answer_says_so(models):
    models.script(Turn(raw=length_stop()))

    answer = complete(UserFactory(), "double", max_tokens=1)

    assert answer.json()["choices"][0]["finish_reason"] == "length"


def length_stop():
    choice = {"index": 0, "delta": {"content": "Fo"}, "finish_reason": "length"}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n"


def test_the_built_in_model_answers_by_its_name_and_as_the_agent():
    user = UserFactory()
    write(DocumentFactory(owner=user, title="Leave"), "Everybody has thirty days of leave.")

    plain = complete(user, "quote", said("How many days of leave?"))
    agent = complete(user, "youworker/quote", said("How many days of leave?"))

    assert plain.status_code == agent.status_code == 200
    assert "quote model" in plain.json()["choices"][0]["message"]["content"]
    message = agent.json()["choices"][0]["message"]
    assert "thirty days of leave" in message["content"]
    assert "[1]" in message["content"]
    (citation,) = message["citations"]
    assert (citation["index"], citation["title"]) == (1, "Leave")
